"""Pauses of the garbage collector stay short."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from processors.worker.tuning import gc_tuning


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The collector as set in a worker, but freezing after every full collection; restored afterwards."""
    monkeypatch.setattr(gc_tuning, "LONG_S", 0.0)
    thresholds = gc.get_threshold()
    gc.collect()
    gc_tuning.keep_gc_pauses_short()
    yield
    gc.callbacks.remove(gc_tuning.freezer)
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@contextmanager
def collections() -> Iterator[list[int]]:
    """The generations collected meanwhile; automatic collections are switched off."""
    seen: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            seen.append(info["generation"])

    gc.disable()
    gc.callbacks.append(note)
    try:
        yield seen
    finally:
        gc.callbacks.remove(note)
        gc.enable()


@pytest.mark.usefixtures("short_pauses")
def test_old_objects_are_not_visited_again() -> None:
    """After a long full collection, the surviving objects are frozen."""
    held = [[number] for number in range(2_000)]
    gc.collect()
    assert gc.get_freeze_count() > len(held)
    assert len(gc.get_objects(generation=2)) < len(held)


@pytest.mark.usefixtures("short_pauses")
def test_after_a_short_collection_nothing_is_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short full collection freezes nothing: freezing few objects would only hide their cycles."""
    monkeypatch.setattr(gc_tuning, "LONG_S", 60.0)
    before = gc.get_freeze_count()
    held = [[number] for number in range(2_000)]
    gc.collect()
    assert gc.get_freeze_count() <= before
    assert held


@pytest.mark.usefixtures("short_pauses")
def test_other_threads_do_not_fail() -> None:
    """While one thread collects without pause, another fills tuples from generators, as decoders do, without error."""
    done = threading.Event()

    def collect() -> None:
        while not done.is_set():
            gc.collect()

    thread = threading.Thread(target=collect)
    thread.start()
    try:
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            for _ in range(20):
                assert len(tuple([number] for number in range(50))) == 50
    finally:
        done.set()
        thread.join()


@pytest.mark.usefixtures("short_pauses")
def test_frozen_objects_are_still_freed() -> None:
    """A frozen object is freed when nothing refers to it any more."""
    held = [[number] for number in range(2_000)]
    gc.collect()
    frozen = gc.get_freeze_count()
    held.clear()
    assert gc.get_freeze_count() <= frozen - 2_000


@pytest.mark.usefixtures("short_pauses")
def test_a_second_call_changes_nothing() -> None:
    """A second call of `keep_gc_pauses_short` adds no second callback."""
    gc_tuning.keep_gc_pauses_short()
    assert gc.callbacks.count(gc_tuning.freezer) == 1


@pytest.mark.usefixtures("short_pauses")
def test_replacing_records_collects_all_generations_in_turn() -> None:
    """Every 300 replaced records start a collection, mostly of the youngest generation, sometimes of the others."""
    with collections() as seen:
        for _ in range(16):
            gc_tuning.records_replaced(150)
    assert seen == [0, 0, 0, 1, 0, 0, 0, 2]


def test_other_processes_are_not_changed() -> None:
    """Without `keep_gc_pauses_short`, replaced records start no collection."""
    with collections() as seen:
        gc_tuning.records_replaced(10_000)
    assert seen == []


@pytest.mark.usefixtures("short_pauses")
def test_imported_objects_are_frozen_at_the_start() -> None:
    """Modules and kernels are frozen at once, so they do not delay later full collections."""
    assert gc.get_freeze_count() > 1_000
