"""An official is shown by the least number of opinions and enterprises, or not at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import combinations
from uuid import uuid4

import pytest
from support.denunciation_worlds import empty, records_of, store
from support.readable_rows import seen

from sinks.clickhouse.native.column_client import ColumnClient

pytestmark = pytest.mark.servers

OFFICIAL = re.compile(r"\bo-\d")
"""Ids of rated officials in the worlds; none of them has thirty opinions. The handler is another one."""


@pytest.mark.long
def test_no_column_of_any_view_holds_an_official_below_the_least_number(guarded: ColumnClient) -> None:
    """Rated officials are in the tables, and in no row of any view, neither as targets nor as refused actors."""
    empty(guarded)
    store(guarded, records_of("other targets", "COMPLAINT"))
    rated = "SELECT uniqExact(target_id) FROM rated_service FINAL WHERE target = 'OFFICIAL'"
    assert guarded.execute(rated)[0][0] > 2
    refused = "SELECT count() FROM complaint_event FINAL WHERE refusal = 'RATED_OFFICIAL' AND actor = 'o-0'"
    assert guarded.execute(refused) == [(1,)]
    found = seen(guarded)
    assert "o-head" in str(found)
    assert [(call, row) for call, rows in found.items() for row in rows if OFFICIAL.search(row)] == []


def insert(client: ColumnClient, opinions: Sequence[tuple[date, str, str]]) -> None:
    """Insert opinions about officials: the day, the official, the enterprise."""
    origin = "row_version, log_epoch"
    columns = (
        f"fact_id, state, sheet_id, declaration_no, submitted_at, target, office, target_id, score, tax_code, {origin}"
    )
    rows = [
        (uuid4(), "MATCHED", f"s{k}", f"1{k:010}0", datetime(day.year, day.month, day.day, 3, tzinfo=UTC), "OFFICIAL",
         "03CC", official, 1 + k % 5, enterprise, 1, 1)
        for k, (day, official, enterprise) in enumerate(opinions)
    ]  # fmt: skip
    client.execute(f"INSERT INTO rated_service ({columns}) VALUES", rows)


@pytest.mark.long
def test_no_two_periods_differ_by_fewer_opinions_than_the_least_number(guarded: ColumnClient) -> None:
    """Whatever periods are compared, an official's opinions differ by nothing or by thirty of ten enterprises."""
    months = [date(2025, month, 10) for month in range(1, 13)]
    counts = {
        "o-1": (20, 15, 29, 1, 31, 5, 5, 5, 5, 5, 5, 40), "o-2": (30,) * 12, "o-3": (9,) * 12, "o-4": (29,) + (0,) * 11,
    }  # fmt: skip
    said = {
        official: [
            (day, official, str((k + day.month) % 12)) for day, n in zip(months, row, strict=True) for k in range(n)
        ]
        for official, row in counts.items()
    }
    said["o-5"] = [(day, "o-5", str(k % 9)) for day in months for k in range(60)]
    today = datetime.now(timezone(timedelta(hours=7))).date()
    said["o-6"] = [(today, "o-6", str(k)) for k in range(300)]
    empty(guarded)
    insert(guarded, [one for row in said.values() for one in row])
    edges = [
        *(date(2025, month, 1) for month in (1, 2, 3, 5, 6, 9, 12)), date(2025, 2, 10), date(2025, 5, 20),
        date(2026, 1, 1), date(2030, 1, 1),
    ]  # fmt: skip
    found: dict[tuple[date, date], dict[str, tuple[int, int]]] = {}
    for first, last in combinations(sorted(edges), 2):
        scores = f"v_fair_scores(first = '{first}', last = '{last}')"
        query = f"SELECT target_id, n, enterprises FROM {scores} WHERE target = 'OFFICIAL'"
        found[first, last] = {name: (n, enterprises) for name, n, enterprises in guarded.execute(query)}
    nothing = (0, 0)
    for (first, last), wide in found.items():
        within = [shown for (begin, end), shown in found.items() if first <= begin and end <= last]
        for official in counts:
            n, _enterprises = wide.get(official, nothing)
            assert all(n - part.get(official, nothing)[0] in {0, *range(30, 400)} for part in within)
    everything = found[date(2025, 1, 1), date(2030, 1, 1)]
    assert {name: n for name, (n, _) in everything.items()} == {"o-1": 166, "o-2": 360, "o-3": 108}
    assert all(enterprises >= 10 for shown in found.values() for _n, enterprises in shown.values())
