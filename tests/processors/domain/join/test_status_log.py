"""The status log: a compact view that forgets nothing it must know, whatever its runs look like."""

from __future__ import annotations

import itertools
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.events import WRITTEN_AT, batch, status

from processors.domain.join import histories, sorted_runs
from processors.domain.join.histories import Histories
from processors.domain.join.status_log import StatusLog
from processors.domain.snapshot_arrays import KeepsArrays, UnsoundSnapshot
from processors.worker.state.array_files import ArrayFiles
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


def _added(log: StatusLog, events: list[tuple[int, int, int, str]], first_offset: int = 0) -> None:
    records = [
        status(f"{key}-{event}", "REGISTERED", EARLIEST_MS + day * _DAY_MS, declaration_no=f"{key}0", office=office)
        for key, day, event, office in events
    ]
    if records:
        read = batch(Topic.DECLARATION_STATUS, records, first_offset=first_offset, written_at=_written_at(first_offset))
        statuses = CodedStatusReader().read_statuses(read, log.tables)
        assert len(statuses) == len(records)
        log.note_read(read)
        log.add_statuses(statuses)


def _written_at(offset: int) -> int:
    return WRITTEN_AT + offset


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


@pytest.fixture
def small_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeepsArrays:
    """Keeps rows in files, however few."""
    monkeypatch.setattr(sorted_runs, "_STORED", 1)
    return partial(ArrayFiles(tmp_path, "join", "t").keep, 0)


@pytest.mark.parametrize("largest", [4, 1 << 19])
@pytest.mark.parametrize("on_disk", [False, True])
@given(st.lists(_statuses, max_size=12), st.integers(0, 12), st.sets(st.integers(10**10, 10**10 + 5)))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_history_is_what_was_added_and_is_in_the_log(
    small_files: KeepsArrays,
    largest: int,
    on_disk: bool,
    batches: list[list[tuple[int, int, int, str]]],
    deleted: int,
    rated: set[int],
) -> None:
    """Batches in any number of runs, in memory or on disk, saved and restored: what the log or a sheet holds is known.

    What the log has deleted may be known longer, but nothing may appear that never was.
    """
    limit, sorted_runs._LARGEST = sorted_runs._LARGEST, largest
    starts = [sum(map(len, batches[:number])) for number in range(len(batches) + 1)]
    log_start = starts[min(deleted, len(batches))]
    try:
        log, known, held = StatusLog(), defaultdict[int, set[Any]](set), defaultdict[int, set[Any]](set)
        if on_disk:
            log.keep_rows_with(small_files)
        for first, events in zip(starts, batches, strict=False):
            _added(log, events, first)
            for offset, (key, day, event, office) in enumerate(events, first):
                known[key].add((day, office, f"{key}-{event}"))
                if offset >= log_start or key in rated:
                    held[key].add((day, office, f"{key}-{event}"))
        log.forget(log_start, np.array(sorted(rated), np.int64))
        log = StatusLog.of(log.snapshot())
    finally:
        sorted_runs._LARGEST = limit
    histories = log.histories([*known, 1])
    names = {name for rows in known.values() for *_rest, name in rows}
    hashes = {name: hash_of(np.frombuffer(name.encode(), np.uint8), 0, len(name), FIXED_SEED) for name in names}

    def hashed(rows: set[Any]) -> set[Any]:
        return {(day, office, hashes[name]) for day, office, name in rows}

    found = _read(log, histories)
    for key in known:
        assert hashed(held[key]) <= found.get(key, set()) <= hashed(known[key])
    assert log.deleted_until < _written_at(log_start)
    _owners_and_times_in_order(histories)
    assert histories.places(np.array([1], np.int64)).tolist() == [-1]


def test_what_the_log_deleted_is_forgotten_and_the_time_is_known() -> None:
    """A run goes when all its records are deleted; how new they were is remembered, also in snapshots."""
    log = StatusLog()
    _added(log, [(10300000001, 1, 1, "03EE")], 0)
    _added(log, [(10300000002, 1, 1, "03EE")], 1)
    log.forget(0, np.empty(0, np.int64))
    assert (len(log), log.deleted_until) == (2, 0)
    log.forget(1, np.empty(0, np.int64))
    assert (len(log), log.deleted_until) == (1, _written_at(0))
    assert StatusLog.of(log.snapshot()).deleted_until == _written_at(0)


def test_a_log_that_begins_late_has_lost_its_oldest_records() -> None:
    """A new view whose first record is not the first of the log knows that there were others, and how old they are."""
    log = StatusLog()
    _added(log, [(10300000001, 1, 1, "03EE")], 5)
    assert log.deleted_until == _written_at(5)
    _added(log, [(10300000001, 1, 2, "03EE")], 9)
    assert log.deleted_until == _written_at(5)


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
