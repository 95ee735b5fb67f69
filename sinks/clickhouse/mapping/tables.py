"""How a record of each topic becomes rows: the columns of a table and the values under them, origin apart.

Absent codes are '' and never NULL; comment, contact, key and value of a record have no column anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any, Generic, TypeVar

from schemas.records import (
    Alert,
    Complaint,
    ComplaintAction,
    ComplaintAnswer,
    ComplaintCase,
    ComplaintEvent,
    DeadLetter,
    DeadLetterAction,
    OfficeCount,
    RatedService,
    Rating,
    Record,
    Satisfaction,
)

R = TypeVar("R", bound=Record)
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class TableLayout(Generic[R]):
    """One table that a topic feeds.

    Attributes:
        name: The table.
        columns: Its columns without the origin.
        rows: Values under them, for a record and its Kafka timestamp.
    """

    name: str
    columns: Sequence[str]
    rows: Callable[[R, int], Iterable[Row]]


def _rating(record: Rating, written_at: int) -> Iterable[Row]:
    yield (
        record.sheet_id,
        record.revision,
        record.declaration_no,
        record.tax_code or "",
        record.submitted_at,
        record.phase,
        len(record.items),
        min(item.score for item in record.items),
        bool(record.comment),
        len(record.comment or ""),
        record.contact is not None,
        written_at,
    )


RATING: TableLayout[Rating] = TableLayout(
    "rating",
    (
        *("sheet_id", "revision", "declaration_no", "tax_code", "submitted_at", "phase", "item_count", "lowest_score"),
        *("has_comment", "comment_length", "has_contact", "written_at"),
    ),
    _rating,
)


def _rating_items(record: Rating, _written_at: int) -> Iterable[Row]:
    sheet = (record.sheet_id, record.revision, record.declaration_no, record.submitted_at)
    for item in record.items:
        yield (*sheet, item.target, item.office, item.target_id, item.score, item.reason or "")


RATING_ITEM: TableLayout[Rating] = TableLayout(
    "rating_item",
    (
        *("sheet_id", "revision", "declaration_no", "submitted_at"),
        *("target", "office", "target_id", "score", "reason"),
    ),
    _rating_items,
)

_FACT_CODES = frozenset({"reason", "tax_code", "declaration_office", "declaration_team", "status", "channel", "kind"})
_FACT_COLUMNS = tuple(field.name for field in fields(RatedService) if field.name != "version")


def _fact(record: RatedService, _written_at: int) -> Iterable[Row]:
    yield tuple(_or_empty(record, name) for name in _FACT_COLUMNS)


def _or_empty(record: RatedService, name: str) -> Any:
    value = getattr(record, name)
    return "" if value is None and name in _FACT_CODES else value


RATED_SERVICE: TableLayout[RatedService] = TableLayout("rated_service", _FACT_COLUMNS, _fact)

WINDOW_SECONDS = {"pane": 300, "hour": 3_600, "day": 86_400, "week": 604_800, "month": 2_592_000}
"""Length of each window of a satisfaction record, in seconds."""


def _satisfaction(record: Satisfaction, _written_at: int) -> Iterable[Row]:
    for window, seconds in WINDOW_SECONDS.items():
        counts = getattr(record, window)
        yield (record.target, record.office, record.target_id, seconds, record.window_end, *counts)


SATISFACTION: TableLayout[Satisfaction] = TableLayout(
    "satisfaction",
    (
        *("target", "office", "target_id", "window_seconds", "window_end"),
        *("score_1", "score_2", "score_3", "score_4", "score_5"),
    ),
    _satisfaction,
)


def _office_count(record: OfficeCount, _written_at: int) -> Iterable[Row]:
    yield (
        record.office,
        record.pane_start,
        record.opinions,
        record.dissatisfied,
        list(record.enterprises),
        dict(record.drivers),
        dict(record.scores),
        list(record.complaint_ids),
    )


OFFICE_COUNT: TableLayout[OfficeCount] = TableLayout(
    "office_count",
    ("office", "pane_start", "opinions", "dissatisfied", "enterprises", "drivers", "scores", "complaint_ids"),
    _office_count,
)


_COMPLAINT_COLUMNS = tuple(field.name for field in fields(Complaint) if field.name != "version")


def _complaint(record: Complaint, _written_at: int) -> Iterable[Row]:
    different = {
        "tax_code": record.tax_code or "",
        "low_items": [(item.target, item.target_id, item.score, item.reason or "") for item in record.low_items],
        "excluded_officials": list(record.excluded_officials),
        "priority_reasons": list(record.priority_reasons),
    }
    yield tuple(different[name] if name in different else getattr(record, name) for name in _COMPLAINT_COLUMNS)


COMPLAINT: TableLayout[Complaint] = TableLayout("complaint", _COMPLAINT_COLUMNS, _complaint)

_CASE_COLUMNS = tuple(field.name for field in fields(ComplaintCase) if field.name != "version")
_CASE_CODES = frozenset({"declaration_no", "sheet_id", "tax_code", "finding", "merged_into"})


def _case(record: ComplaintCase, _written_at: int) -> Iterable[Row]:
    yield tuple(_case_value(record, name) for name in _CASE_COLUMNS)


def _case_value(record: ComplaintCase, name: str) -> Any:
    value = getattr(record, name)
    if name == "clocks":
        return [astuple(clock) for clock in record.clocks]
    if isinstance(value, tuple):
        return list(value)
    return "" if value is None and name in _CASE_CODES else value


COMPLAINT_CASE: TableLayout[ComplaintCase] = TableLayout("complaint_case", _CASE_COLUMNS, _case)

_EVENT_COLUMNS = tuple(field.name for field in fields(ComplaintEvent) if field.name != "version")


def _complaint_event(record: ComplaintEvent, _written_at: int) -> Iterable[Row]:
    values = {name: getattr(record, name) for name in _EVENT_COLUMNS}
    yield tuple("" if value is None and name != "due_at" else value for name, value in values.items())


COMPLAINT_EVENT: TableLayout[ComplaintEvent] = TableLayout("complaint_event", _EVENT_COLUMNS, _complaint_event)


def _complaint_action(record: ComplaintAction, _written_at: int) -> Iterable[Row]:
    yield (
        record.action_id,
        record.complaint_id,
        record.action,
        record.acted_at,
        record.actor_role,
        record.handler or "",
        record.unit or "",
        record.score,
    )


COMPLAINT_ACTION: TableLayout[ComplaintAction] = TableLayout(
    "complaint_action",
    ("action_id", "complaint_id", "action", "acted_at", "actor_role", "actor", "unit", "score"),
    _complaint_action,
)

_ANSWER_COLUMNS = ("answer_id", "complaint_id", "office", "unit", "track", "answered_at", "finding", "withdrawn")


def _complaint_answer(record: ComplaintAnswer, _written_at: int) -> Iterable[Row]:
    yield tuple(getattr(record, name) for name in _ANSWER_COLUMNS)


COMPLAINT_ANSWER: TableLayout[ComplaintAnswer] = TableLayout("complaint_answer", _ANSWER_COLUMNS, _complaint_answer)

_ALERT_COLUMNS = tuple(field.name for field in fields(Alert) if field.name != "version")


def _alert(record: Alert, _written_at: int) -> Iterable[Row]:
    different = {
        "drivers": [(driver.name, driver.low_scores) for driver in record.drivers],
        "targets": [astuple(target) for target in record.targets],
        "complaint_ids": list(record.complaint_ids),
    }
    yield tuple(different[name] if name in different else getattr(record, name) for name in _ALERT_COLUMNS)


ALERT: TableLayout[Alert] = TableLayout("alert", _ALERT_COLUMNS, _alert)


def _dead_letter(record: DeadLetter, _written_at: int) -> Iterable[Row]:
    yield (
        record.dead_letter_id,
        record.stage,
        record.topic,
        record.topic_id,
        record.partition,
        record.offset,
        record.recorded_at,
        record.reason,
        record.detail,
        record.schema_id,
        record.value_size,
    )


DEAD_LETTER: TableLayout[DeadLetter] = TableLayout(
    "dead_letter",
    (
        *("dead_letter_id", "stage", "source_topic", "source_identity", "source_partition", "source_offset"),
        *("recorded_at", "reason", "detail", "schema_id", "value_size"),
    ),
    _dead_letter,
)


def _dead_letter_action(record: DeadLetterAction, _written_at: int) -> Iterable[Row]:
    yield (
        record.action_id,
        record.dead_letter_id,
        record.action,
        record.acted_at,
        record.actor,
        record.note or "",
        record.replayed_partition,
        record.replayed_offset,
    )


DEAD_LETTER_ACTION: TableLayout[DeadLetterAction] = TableLayout(
    "dead_letter_action",
    (
        *("action_id", "dead_letter_id", "action", "acted_at", "actor", "note"),
        *("replayed_partition", "replayed_offset"),
    ),
    _dead_letter_action,
)
