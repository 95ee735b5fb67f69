"""Compares the final records of the pipeline with those of the oracle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.ids import complaint_id
from schemas.reference.calendar import load_calendar
from schemas.topics import Topic
from support.alert_recount import recount
from support.oracle import Oracle

HOUR = 3_600_000

Last = dict[tuple[Topic, Any], Any]
"""By topic and `identity`: the record with the highest version."""


def identity(record: Any) -> tuple[Any, ...]:
    """Natural key of an output record."""
    if (alert_id := getattr(record, "alert_id", None)) is not None:
        return (alert_id,)
    names = ("fact_id", "complaint_id", "target", "office", "target_id", "window_end", "pane_start")
    return tuple(getattr(record, name, None) for name in names)


def records_of(last: Last, topic: Topic) -> list[Any]:
    """Records of one topic."""
    return [record for (one, _key), record in last.items() if one is topic]


def compare(last: Last, oracle: Oracle) -> None:
    """Assert that facts, complaints, windows and counts are equal, and that alerts hold what they state."""
    compare_facts(last, oracle)
    compare_complaints(last, oracle)
    compare_windows(last, oracle)
    compare_counts(last, oracle)
    recount(records_of(last, Topic.ALERT), oracle)


FACT_FIELDS = (
    *(
        "sheet_id",
        "target",
        "office",
        "target_id",
        "state",
        "revision",
        "submitted_at",
        "score",
        "tax_code",
        "standing",
        "content_since",
        "allegations",
    ),
    *("declaration_office", "declaration_team", "status", "channel", "kind", "status_count", "registered_at"),
    *("permitted_at", "document_minutes", "goods_minutes", "clearance_minutes", "on_time"),
)
_NULLABLE = frozenset({"document_minutes", "goods_minutes", "clearance_minutes", "on_time", "content_since"})
"""Fields in which 0 or false says something else than NULL: a step took no time, or none began."""


def fact_content(fields: Mapping[str, Any], names: Iterable[str] = FACT_FIELDS) -> tuple[Any, ...]:
    """Fields of a fact as they are compared: absent values are None, also where the writer has "" or 0 for them."""
    known = (fields[name] if name in _NULLABLE else fields[name] or None for name in names)
    return tuple(tuple(value) if isinstance(value, list) else value for value in known)


def compare_facts(last: Last, oracle: Oracle) -> None:
    """Every field of every fact that the oracle computes."""
    facts = records_of(last, Topic.RATED_SERVICE)
    ours = [(one.declaration_no[:11], *fact_content(_fields(one))) for one in facts]
    theirs = [(row["declaration"], *fact_content(row)) for row in oracle.rows("SELECT * FROM fact")]
    assert sorted(ours, key=repr) == sorted(theirs, key=repr)


def _fields(fact: Any) -> Mapping[str, Any]:
    return {name: getattr(fact, name) for name in FACT_FIELDS}


def compare_complaints(last: Last, oracle: Oracle) -> None:
    """Which complaints there are, since when, in what state, and since when they are feedback; and the remarks."""
    remarks = [one for one in records_of(last, Topic.COMPLAINT) if one.case_track == "REMARK"]
    complaints = [one for one in records_of(last, Topic.COMPLAINT) if one.case_track != "REMARK"]
    ours = {
        (
            *(one.declaration_no[:11], one.sheet_id, one.office, one.opened_at, one.state, one.lowest_score),
            *(one.case_track, one.content_since or 0),
        )
        for one in complaints
    }
    columns = "declaration, sheet_id, office, opened_at, state, lowest_score, case_track, content_since"
    theirs = {tuple(row.values()) for row in oracle.rows(f"SELECT {columns} FROM complaint")}
    assert ours == theirs
    calendar = load_calendar()
    for one in complaints:
        received_at = max(one.opened_at, one.content_since or 0)
        assert one.resolve_deadline_at == calendar.add_working_days(received_at, 15)
    # Whether a remark that is gone was ever published depends on the order of arrival, as with empty windows.
    standing = {
        (one.declaration_no[:11], one.sheet_id, one.office, one.lowest_score)
        for one in remarks
        if one.state == "OPENED"
    }
    columns = "declaration, sheet_id, office, lowest_score"
    assert standing == {tuple(row.values()) for row in oracle.rows(f"SELECT {columns} FROM remark")}


def compare_windows(last: Last, oracle: Oracle) -> None:
    """Every window of every pane that holds a score."""
    windows = {"pane": 300_000, "hour": HOUR, "day": 24 * HOUR, "week": 168 * HOUR, "month": 720 * HOUR}
    ours = {
        (one.target, one.office, one.target_id, one.window_end, length, *getattr(one, name))
        for one in records_of(last, Topic.SATISFACTION)
        if any(one.pane)
        for name, length in windows.items()
    }
    assert ours == {tuple(row.values()) for row in oracle.rows("SELECT * FROM satisfaction")}


def compare_counts(last: Last, oracle: Oracle) -> None:
    """Opinions and dissatisfied ones of every office and pane, with the evidence behind the dissatisfied ones."""
    records = [one for one in records_of(last, Topic.OFFICE_COUNT) if one.opinions]
    ours = {(one.office, one.pane_start, one.opinions, one.dissatisfied) for one in records}
    assert ours == {tuple(row.values()) for row in oracle.rows("SELECT * FROM office_count")}
    low = {(row["office"], row["pane_start"]): row for row in oracle.rows(_LOW)}
    parts = {(row["office"], row["pane_start"]): row for row in oracle.rows(_PARTS)}
    for one in records:
        place = (one.office, one.pane_start)
        assert dict(one.scores) == dict(parts[place]["scores"])
        assert dict(one.drivers) == dict(parts[place]["drivers"])
        assert sorted(one.enterprises) == sorted(low[place]["enterprises"])
        assert sorted(one.satisfied_enterprises) == sorted(low[place]["satisfied"])
        assert set(one.complaint_ids) == {
            complaint_id(declaration, sheet, one.office) for declaration, sheet in low[place]["sheets"]
        }


_LOW = """
SELECT office, pane_start, groupUniqArrayIf(tax_code, lowest <= 2) AS enterprises,
       groupUniqArrayIf(tax_code, lowest > 2) AS satisfied, groupArrayArray(low_sheets) AS sheets
FROM office_opinion GROUP BY office, pane_start
"""

_PARTS = """
SELECT office, pane_start, sumMapIf(map(concat(target, ':', target_id), 1), target IN ('TEAM', 'STEP')) AS scores,
       sumMapIf(mapFromArrays(names, arrayMap(name -> 1, names)), lowest <= 2) AS drivers
FROM (SELECT *, arrayFilter(name -> name != '', [if(target = 'OFFICE', '', concat(target, ':', target_id)),
                                                 if(reason = '', '', concat('REASON:', reason))]) AS names
      FROM office_part)
GROUP BY office, pane_start
"""
