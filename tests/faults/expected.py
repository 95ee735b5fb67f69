"""The tables that the accepted inputs of a round imply, by the oracle; rows by natural key."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from support.comparison import FACT_FIELDS, fact_content
from support.oracle import Oracle

from faults.inputs import Accepted
from schemas.reference.calendar import load_calendar

Tables = Mapping[str, Mapping[Hashable, Any]]
"""Content by natural key, by table."""

FACT_KEY = ("sheet_id", "target", "office", "target_id")
FACT_CONTENT = tuple(name for name in FACT_FIELDS if name not in FACT_KEY)
RESOLVE_WORKING_DAYS = 15


def expected_tables(inputs: Accepted) -> Tables:
    """Every table of a round. A process can hold only one chDB, so make only one call at a time."""
    oracle = Oracle(inputs.of_rated_declarations(), inputs.ratings)
    try:
        derived = {
            "rated_service": _facts(oracle),
            "complaint": _complaints(oracle),
            "satisfaction": _windows(oracle),
            "office_count": _counts(oracle),
        }
    finally:
        oracle.close()
    return {**_raw(inputs), **derived}


def _raw(inputs: Accepted) -> Tables:
    """The events themselves: of several contents under one id the one with the highest checksum wins."""
    statuses = _highest(((int(one.declaration_no[:11]), one.event_id), crc) for one, crc in inputs.statuses)
    ratings = _highest(((int(one.declaration_no[:11]), one.sheet_id, one.revision), crc) for one, crc in inputs.ratings)
    items = _highest(
        ((int(one.declaration_no[:11]), one.sheet_id, one.revision, i.target, i.office, i.target_id), (crc, i.score))
        for one, crc in inputs.ratings
        for i in one.items
    )
    return {"declaration_status": statuses, "rating": ratings, "rating_item": items}


def _highest(entries: Iterable[tuple[Hashable, Any]]) -> dict[Hashable, Any]:
    highest: dict[Hashable, Any] = {}
    for key, content in entries:
        if key not in highest or content > highest[key]:
            highest[key] = content
    return highest


def _facts(oracle: Oracle) -> Mapping[Hashable, Any]:
    return {
        (int(row["declaration"]), *(row[name] for name in FACT_KEY)): fact_content(row, FACT_CONTENT)
        for row in oracle.rows("SELECT * FROM fact")
    }


def _complaints(oracle: Oracle) -> Mapping[Hashable, Any]:
    calendar = load_calendar()
    return {
        (int(row["declaration"]), row["sheet_id"], row["office"]): (
            row["opened_at"],
            row["state"],
            row["lowest_score"] or 0,
            calendar.add_working_days(max(row["opened_at"], row["content_since"]), RESOLVE_WORKING_DAYS),
        )
        for row in oracle.rows("SELECT * FROM complaint")
    }


def _windows(oracle: Oracle) -> Mapping[Hashable, Any]:
    rows = (tuple(row.values()) for row in oracle.rows("SELECT * FROM satisfaction"))
    return {row[:5]: row[5:] for row in rows}


def _counts(oracle: Oracle) -> Mapping[Hashable, Any]:
    rows = (tuple(row.values()) for row in oracle.rows("SELECT * FROM office_count"))
    return {row[:2]: row[2:] for row in rows}
