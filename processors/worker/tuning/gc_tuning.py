"""Keeps the pauses of Python's garbage collector short in a worker.

A view is many small objects that live for months and form no cycles. A full collection still visits all of them: one
second at 100,000 open cases, in which every stage of the process waits. So when a full collection was long, all objects
alive are frozen (`gc.freeze`): the collector does not visit them again, and they are still freed by reference counting.
What is lost: cycles among frozen objects that become garbage later. They stay few, because objects are only frozen
after much growth.

The duration is measured instead of the objects counted: `gc.get_objects` returns tuples that another thread is still
filling, and that thread then fails with a SystemError (CPython issue 15108).

Python collects when many more objects were created than freed. A step that replaces records creates as many as it
frees, so no collection comes, the uncollected objects pile up, and then one collection visits them all. Therefore such
steps collect themselves (`records_replaced`).
"""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping

_OLDEST = 2
LONG_S = 0.02
"""A full collection that took at least this long freezes; it visits some 60,000 objects in this time."""
_THRESHOLDS = (10_000, 2, 1)
"""Arguments of `gc.set_threshold`.

Most objects of a batch die with it: Python's default of 700 took a quarter of the processor time of a worker that only
makes facts. Surviving objects are visited once per generation and then soon frozen, so few rounds cost less. The
longest collection, of what came since the last freeze, takes a third of what (100_000, 1, 1) gives: 0.24 s instead of
0.66 s while 100,000 cases come in as fast as they can (made by `benchmarks/timers.py`).
"""
_REPLACED = 300
"""Records replaced between two collections; one takes some 4 ms.

Steps of 300 timers at 100,000 cases: 99 % within 55 ms and all within 65 ms; without it 101 ms and 223 ms.
"""
_GENERATIONS = (0, 0, 0, 1, 0, 0, 0, _OLDEST)
"""Which generation is collected, in turn."""


class _GcFreezer:
    """A `gc` callback that freezes all objects after each long full collection; collections never overlap.

    Stages share it without a lock: if two count at once, a collection comes a little later.
    """

    def __init__(self) -> None:
        self._started = 0.0
        self._replaced = 0
        self._collections = 0

    def __call__(self, phase: str, info: Mapping[str, int]) -> None:
        if info["generation"] != _OLDEST:
            return
        if phase == "start":
            self._started = time.perf_counter()
        elif time.perf_counter() - self._started >= LONG_S:
            gc.freeze()

    def records_replaced(self, records: int) -> None:
        self._replaced += records
        if self._replaced < _REPLACED:
            return
        generation = _GENERATIONS[self._collections % len(_GENERATIONS)]
        self._replaced = 0
        self._collections += 1
        gc.collect(generation)


freezer = _GcFreezer()


def keep_gc_pauses_short() -> None:
    """Freeze all objects now, and from now on those that grew old. For processes that only run a worker, after set-up.

    The second collection visits almost nothing. It is needed because Python delays a full collection until the new
    objects reach a quarter of those that survived the last one, and the first left everything that was imported.
    """
    if freezer not in gc.callbacks:
        gc.collect()
        gc.freeze()
        gc.collect()
        gc.callbacks.append(freezer)
        gc.set_threshold(*_THRESHOLDS)


def records_replaced(records: int) -> None:
    """Collect after enough records were replaced by new ones; does nothing unless `keep_gc_pauses_short` was called."""
    if freezer in gc.callbacks:
        freezer.records_replaced(records)
