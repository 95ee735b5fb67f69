"""Keeping the collector of cyclic garbage short."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from processors.worker import collector


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The collector as in a worker, freezing early; afterwards as it was."""
    monkeypatch.setattr(collector, "MANY", 1_000)
    thresholds = gc.get_threshold()
    gc.collect()
    collector.keep_pauses_short()
    yield
    gc.callbacks.remove(collector._freeze_if_many)
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@pytest.mark.usefixtures("short_pauses")
def test_what_has_become_old_is_not_looked_at_again() -> None:
    """After a full collection many old objects are out of the collector's sight, and it does not freeze once more."""
    held = [[number] for number in range(2_000)]
    gc.collect()
    frozen = gc.get_freeze_count()
    assert frozen > len(held)
    assert len(gc.get_objects(generation=2)) < len(held)
    gc.collect()
    assert gc.get_freeze_count() <= frozen


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
    collector.keep_pauses_short()
    assert gc.callbacks.count(collector._freeze_if_many) == 1
