"""The status log: a compact view that forgets nothing it must know, whatever its runs look like."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.events import batch, status

from processors.domain.join import histories, sorted_runs
from processors.domain.join.histories import Histories
from processors.domain.join.status_log import StatusLog
from processors.domain.snapshot_arrays import UnsoundSnapshot
from schemas.topics import Topic
from schemas.validation.rules import EARLIEST_MS
from schemas.vectorized.kernels.texts import FIXED_SEED, hash_of
from schemas.vectorized.status_reader import CodedStatusReader

_DAY_MS = 86_400_000
_statuses = st.lists(
    st.tuples(
        st.integers(10**10, 10**10 + 5), st.integers(0, 40), st.integers(0, 3), st.sampled_from(["03EE", "03CC"])
    ),
    max_size=60,
)


def _added(log: StatusLog, events: list[tuple[int, int, int, str]]) -> None:
    records = [
        status(f"{key}-{event}", "REGISTERED", EARLIEST_MS + day * _DAY_MS, declaration_no=f"{key}0", office=office)
        for key, day, event, office in events
    ]
    if records:
        statuses = CodedStatusReader().read_statuses(batch(Topic.DECLARATION_STATUS, records), log.tables)
        assert len(statuses) == len(records)
        log.add_statuses(statuses)


def _read(log: StatusLog, histories: Histories) -> dict[int, set[tuple[int, str | None, int]]]:
    """Day, office and event of each status, by declaration."""
    offices = log.texts()["office"]
    return {
        key: {
            ((row["occurred_at"] - EARLIEST_MS) // _DAY_MS, offices[row["office"]], row["event"])
            for row in histories.rows[first:last]
        }
        for key, first, last in zip(
            histories.keys.tolist(), histories.starts[:-1].tolist(), histories.starts[1:].tolist(), strict=True
        )
    }


@pytest.mark.parametrize("largest", [4, 1 << 19])
@given(st.lists(_statuses, max_size=12), st.integers(0, 50))
@settings(max_examples=40, deadline=None)
def test_history_is_what_was_added_and_not_expired(
    largest: int, batches: list[list[tuple[int, int, int, str]]], before: int
) -> None:
    """Batches in any number of runs, saved and restored, give back the distinct rows of each declaration in order."""
    limit, sorted_runs._LARGEST = sorted_runs._LARGEST, largest
    try:
        log, known = StatusLog(), defaultdict[int, set[tuple[int, str, str]]](set)
        for events in batches:
            _added(log, events)
            for key, day, event, office in events:
                known[key].add((day, office, f"{key}-{event}"))
        log.expire(EARLIEST_MS + before * _DAY_MS)
        log = StatusLog.of(log.snapshot())
    finally:
        sorted_runs._LARGEST = limit
    alive = {key: rows for key, rows in known.items() if max(rows)[0] >= before}
    histories = log.histories([*known, 1])
    names = {name for rows in known.values() for *_rest, name in rows}
    hashes = {name: hash_of(np.frombuffer(name.encode(), np.uint8), 0, len(name), FIXED_SEED) for name in names}
    expected: dict[int, set[Any]] = {
        key: {(day, office, hashes[name]) for day, office, name in rows} for key, rows in alive.items()
    }
    assert _read(log, histories) == expected
    _owners_and_times_in_order(histories)
    assert histories.places(np.array([1], np.int64)).tolist() == [-1]


def _owners_and_times_in_order(histories: Histories) -> None:
    """Statuses of a declaration stand together, in order of time, each once."""
    assert (np.diff(histories.keys) > 0).all()
    for first, last in itertools.pairwise(histories.starts.tolist()):
        rows = histories.rows[first:last]
        assert first < last
        assert (np.diff(rows["occurred_at"]) >= 0).all()
        assert len({row.tobytes() for row in rows}) == len(rows)
        assert sorted(histories.by_event[first:last]) == list(range(first, last))


def test_repetitions_of_two_contents_with_one_checksum_are_found() -> None:
    """Where event, time, status and checksum are the same, the rest tells: each content counts once."""
    log = StatusLog()
    for office, official in [("03CC", "c715279b01965afa"), ("03EE", "791f42da195e8cee")] * 2:
        record = status("e1", "REGISTERED", 1585789200000, office=office, official=official, tax_code=None)
        log.add_statuses(CodedStatusReader().read_statuses(batch(Topic.DECLARATION_STATUS, [record]), log.tables))
    histories = log.histories([10300000001])
    assert len({row["crc"] for row in histories.rows}) == 1  # found by trying: else this proves nothing
    assert len(histories.rows) == 2


@given(st.lists(_statuses, max_size=4))
@settings(max_examples=40, deadline=None)
def test_many_statuses_are_sorted_as_few_are(batches: list[list[tuple[int, int, int, str]]]) -> None:
    """Whoever sends many statuses of one declaration gets another sort, and the same history."""
    log = StatusLog()
    for events in batches:
        _added(log, events)
    found, before = [], histories._SHORT
    try:
        for short in (0, 1 << 20):
            histories._SHORT = short
            found.append(log.histories([*range(10**10, 10**10 + 6)]))
    finally:
        histories._SHORT = before
    one, other = found
    assert one.rows.tobytes() == other.rows.tobytes()
    assert one.by_event.tolist() == other.by_event.tolist()


def test_an_unsound_snapshot_is_refused() -> None:
    """Places beyond the rows, codes beyond the tables: a worker must not follow them."""
    log = StatusLog()
    _added(log, [(10300000001, 1, 1, "03EE"), (10300000002, 1, 1, "03CC")])
    good = dict(log.snapshot())
    assert len(StatusLog.of(good)) == 2
    for name, place, value in (("run0.starts", 1, 5), ("run0.keys", 0, 1 << 40), ("run0.rows", 0, 3)):
        broken = good[name].copy()
        column = broken["office"] if name == "run0.rows" else broken
        column[place] = value
        with pytest.raises(UnsoundSnapshot):
            StatusLog.of({**good, name: broken})
    with pytest.raises(UnsoundSnapshot):
        StatusLog.of({**good, "run0.rows": good["run0.rows"][:1]})


def test_runs_stay_few_and_bounded() -> None:
    """A thousand small batches end in a few runs, none larger than a merge may make."""
    runs: list[sorted_runs.SortedRun] = []
    for number in range(1000):
        keys = np.arange(number * 100, number * 100 + 100, dtype=np.int64)
        runs = sorted_runs.tidied([*runs, sorted_runs.SortedRun.of(keys, np.zeros(100, sorted_runs.ROW))])
    assert sum(map(len, runs)) == 100_000
    assert len(runs) < 40
    assert max(map(len, runs)) <= sorted_runs._LARGEST
