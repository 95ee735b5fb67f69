"""The status log: a compact view that forgets nothing it must know, whatever its runs look like."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.domain import status_runs
from processors.domain.status_log import StatusLog, StatusRow

_DAY_MS = 86_400_000
_statuses = st.lists(
    st.tuples(
        st.integers(10**10, 10**10 + 5), st.integers(0, 40), st.integers(0, 3), st.sampled_from(["03EE", "03CC"])
    ),
    max_size=60,
)


def _frame(events: list[tuple[int, int, int, str]]) -> tuple[pl.DataFrame, np.ndarray]:
    keys = np.array([key for key, *_rest in events], np.int64)
    columns = {
        "occurred_at": [day * _DAY_MS for _key, day, _event, _office in events],
        "event_id": [f"{key}-{event}" for key, _day, event, _office in events],
        "crc": [day for _key, day, _event, _office in events],
        "status": ["REGISTERED"] * len(events),
        "office": [office for *_rest, office in events],
        "team": [None] * len(events),
        "channel": ["RED"] * len(events),
        "kind": ["A11"] * len(events),
        "tax_code": [None] * len(events),
    }
    schema = {name: pl.Int64 if name in ("occurred_at", "crc") else pl.String for name in columns}
    return pl.DataFrame(columns, schema), keys


def _read(rows: list[StatusRow]) -> set[tuple[int, str, int]]:
    return {(row.occurred_at // _DAY_MS, row.office, row.event) for row in rows}


@pytest.mark.parametrize("largest", [4, 1 << 19])
@given(st.lists(_statuses, max_size=12), st.integers(0, 50))
@settings(max_examples=40, deadline=None)
def test_history_is_what_was_added_and_not_expired(
    largest: int, batches: list[list[tuple[int, int, int, str]]], before: int
) -> None:
    """Batches in any number of runs, imaged and restored, give back the distinct rows of each declaration in order."""
    limit, status_runs._LARGEST = status_runs._LARGEST, largest
    try:
        log, known = StatusLog(), defaultdict[int, set[tuple[int, str, str]]](set)
        for batch in batches:
            log.add(*_frame(batch))
            for key, day, event, office in batch:
                known[key].add((day, office, f"{key}-{event}"))
        log.expire(before * _DAY_MS)
        log = StatusLog.of(log.image())
    finally:
        status_runs._LARGEST = limit
    alive = {key: rows for key, rows in known.items() if max(rows)[0] >= before}
    histories = log.histories([*known, 1])
    events = {name: pl.Series([name]).hash(seed=1).item() for rows in known.values() for *_rest, name in rows}
    assert {key: _read(rows) for key, rows in histories.items()} == {
        key: {(day, office, events[name]) for day, office, name in rows} for key, rows in alive.items()
    }
    assert all(rows == sorted(rows, key=lambda row: row.occurred_at) for rows in histories.values())


def test_runs_stay_few_and_bounded() -> None:
    """A thousand small batches end in a few runs, none larger than a merge may make."""
    runs: list[status_runs.Run] = []
    for number in range(1000):
        keys = np.arange(number * 100, number * 100 + 100, dtype=np.int64)
        runs = status_runs.tidied([*runs, status_runs.Run.of(keys, np.zeros(100, status_runs.ROW))])
    assert sum(map(len, runs)) == 100_000
    assert len(runs) < 40
    assert max(map(len, runs)) <= status_runs._LARGEST
