"""Keeping the collector of cyclic garbage short."""

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
    """The collector as in a worker, freezing early; afterwards as it was."""
    monkeypatch.setattr(gc_tuning, "LONG_S", 0.0)
    thresholds = gc.get_threshold()
    gc.collect()
    gc_tuning.keep_pauses_short()
    yield
    gc.callbacks.remove(gc_tuning.watch)
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@contextmanager
def looks() -> Iterator[list[int]]:
    """The ages that are looked at meanwhile, but for the looks of Python's own accord."""
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
def test_what_has_become_old_is_not_looked_at_again() -> None:
    """After a long look at the old they are out of the collector's sight."""
    held = [[number] for number in range(2_000)]
    gc.collect()
    assert gc.get_freeze_count() > len(held)
    assert len(gc.get_objects(generation=2)) < len(held)


@pytest.mark.usefixtures("short_pauses")
def test_after_a_short_look_nothing_is_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few objects are left to the collector: freezing them would only hide their cycles."""
    monkeypatch.setattr(gc_tuning, "LONG_S", 60.0)
    before = gc.get_freeze_count()
    held = [[number] for number in range(2_000)]
    gc.collect()
    assert gc.get_freeze_count() <= before
    assert held


@pytest.mark.usefixtures("short_pauses")
def test_no_thread_fails_by_it() -> None:
    """While one thread collects without pause, another one fills tuples from generators, as decoders do."""
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
def test_what_is_frozen_is_still_freed() -> None:
    """A frozen object goes when nothing refers to it any more."""
    held = [[number] for number in range(2_000)]
    gc.collect()
    frozen = gc.get_freeze_count()
    held.clear()
    assert gc.get_freeze_count() <= frozen - 2_000


@pytest.mark.usefixtures("short_pauses")
def test_asking_twice_is_asking_once() -> None:
    """A second call adds no second callback."""
    gc_tuning.keep_pauses_short()
    assert gc.callbacks.count(gc_tuning.watch) == 1


@pytest.mark.usefixtures("short_pauses")
def test_replacing_records_is_followed_by_looks_at_all_ages() -> None:
    """Steps that make as many objects as they free are looked at without Python's own count, the old ones too."""
    with looks() as seen:
        for _ in range(16):
            gc_tuning.replaced(150)
    assert seen == [0, 0, 0, 1, 0, 0, 0, 2]


def test_nothing_is_looked_at_where_pauses_are_not_kept_short() -> None:
    """A process that did not ask for it keeps Python's own rhythm."""
    with looks() as seen:
        gc_tuning.replaced(10_000)
    assert seen == []


@pytest.mark.usefixtures("short_pauses")
def test_what_is_there_at_the_beginning_is_frozen() -> None:
    """Modules and kernels are out of sight from the start, and no longer put off looks at what comes."""
    assert gc.get_freeze_count() > 1_000
