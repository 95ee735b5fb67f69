"""How a record of each topic becomes rows: the columns of a table and the values under them, origin apart.

Absent codes are '' and never NULL; comment, contact, key and value of a record have no column anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from operator import attrgetter
from typing import Any, Generic, TypeVar

from schemas.records.alerts import Alert, AlertAction
from schemas.records.base import Record
from schemas.records.cases import ComplaintAction, ComplaintAnswer, ComplaintCase, ComplaintEvent
from schemas.records.complaints import Complaint, LowItem
from schemas.records.dead_letters import DeadLetter, DeadLetterAction
from schemas.records.events import Rating
from schemas.records.facts import OfficeCount, RatedService, Satisfaction

R = TypeVar("R", bound=Record)
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class TableLayout(Generic[R]):
    """One table that a topic feeds."""

    name: str
    columns: Sequence[str]  # its columns without the origin
    rows: Callable[[R, int], Iterable[Row]]  # values under them, for a record and its Kafka timestamp


def _one_row(
    name: str, columns: Sequence[str], codes: Collection[str] = (), *, renamed: Mapping[str, str] | None = None
) -> TableLayout[Any]:
    """One row for a record; each column holds the field of its name.

    Args:
        name: The table.
        columns: Its columns.
        codes: Columns where null is stored as ''.
        renamed: The field of each column that has another name.
    """
    values_of = attrgetter(*((renamed or {}).get(column, column) for column in columns))
    is_code = [column in codes for column in columns]

    def rows(record: Any, _written_at: int) -> Iterable[Row]:
        yield tuple(
            ("" if code else None) if value is None else _array(value) if isinstance(value, tuple) else value
            for value, code in zip(values_of(record), is_code, strict=True)
        )

    return TableLayout(name, columns, rows)


def _fields(kind: type[Any]) -> list[str]:
    """All fields of a record class but the version, which is part of the origin."""
    return [field.name for field in fields(kind) if field.name != "version"]


def _array(values: Sequence[Any]) -> list[Any]:
    """The items of an array column; a record is a tuple of its fields."""
    return [_item(value) if isinstance(value, Record) else value for value in values]


def _item(record: Any) -> Row:
    """The fields of a record inside an array; a null text is '', a null time stays null."""
    values = astuple(record)
    return (*values[:-1], values[-1] or "") if isinstance(record, LowItem) else values


RATED_SERVICE: TableLayout[RatedService] = _one_row(
    "rated_service",
    _fields(RatedService),
    {"reason", "tax_code", "declaration_office", "declaration_team", "status", "channel", "kind", "unmatched_reason"},
)
OFFICE_COUNT: TableLayout[OfficeCount] = _one_row("office_count", _fields(OfficeCount))
COMPLAINT: TableLayout[Complaint] = _one_row("complaint", _fields(Complaint), {"tax_code"})
COMPLAINT_ACTION: TableLayout[ComplaintAction] = _one_row(
    "complaint_action",
    ("action_id", "complaint_id", "action", "acted_at", "actor_role", "actor", "unit", "score"),
    {"actor", "unit"},
    renamed={"actor": "handler"},
)
COMPLAINT_CASE: TableLayout[ComplaintCase] = _one_row(
    "complaint_case",
    _fields(ComplaintCase),
    {"declaration_no", "sheet_id", "tax_code", "finding", "merged_into"},
)
COMPLAINT_EVENT: TableLayout[ComplaintEvent] = _one_row(
    "complaint_event", _fields(ComplaintEvent), set(_fields(ComplaintEvent)) - {"due_at"}
)
COMPLAINT_ANSWER: TableLayout[ComplaintAnswer] = _one_row(
    "complaint_answer",
    ("answer_id", "complaint_id", "office", "unit", "track", "answered_at", "finding", "withdrawn"),
)
ALERT: TableLayout[Alert] = _one_row("alert", _fields(Alert))


def _alert_action(record: AlertAction, _written_at: int) -> Iterable[Row]:
    named = (record.action_id, record.alert_id, record.action, record.acted_at, record.actor, record.assignee or "")
    yield (*named, len(record.text or ""))


ALERT_ACTION: TableLayout[AlertAction] = TableLayout(
    "alert_action",
    ("action_id", "alert_id", "action", "acted_at", "actor", "assignee", "text_length"),
    _alert_action,
)
DEAD_LETTER: TableLayout[DeadLetter] = _one_row(
    "dead_letter",
    (
        *("dead_letter_id", "stage", "source_topic", "source_identity", "source_partition", "source_offset"),
        *("recorded_at", "reason", "detail", "schema_id", "value_size"),
    ),
    renamed={
        "source_topic": "topic",
        "source_identity": "topic_id",
        "source_partition": "partition",
        "source_offset": "offset",
    },
)
DEAD_LETTER_ACTION: TableLayout[DeadLetterAction] = _one_row("dead_letter_action", _fields(DeadLetterAction), {"note"})


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
