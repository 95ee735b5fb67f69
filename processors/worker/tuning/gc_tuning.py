"""Keeping Python's collector of cyclic garbage from holding a worker up.

A view is many small objects that live for months and form no cycles. Every so often the collector looks at all that
has become old: one second of stillness at 100,000 open cases, in which every stage of the process waits. So when such a
look has become long, what is old is frozen: the collector does not look at it again, and it is still freed when nothing
refers to it any more. What is lost are cycles among the frozen that fall into disuse later; a freeze comes only after
that much growth, so they stay few beside what grew.

The length of the look is measured, and the old are not counted: `gc.get_objects` hands out tuples that another thread
is still filling, and that thread then fails with a SystemError (CPython issue 15108).

Python looks when many more objects were made than freed. A step that replaces what is known makes as many as it frees,
so no look comes, and what is new and unseen grows until one comes at all of it. Therefore such steps look themselves.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping

_OLDEST = 2
LONG_S = 0.02
"""A look at some 60,000 objects takes so long."""
_THRESHOLDS = (10_000, 2, 1)
"""Objects made before the young are looked at, rounds of that before the middle-aged, rounds of those before the old.

Most of what a batch makes dies with it: looking every 700, as Python does, took a quarter of the processor time of a
worker that does nothing but make facts. What stays is looked at in each age until it is old, and then soon frozen: few
rounds cost less, and the longest look, at what came since the last freeze, is a third of what (100_000, 1, 1) gives:
0.24 s instead of 0.66 while 100,000 cases come in as fast as they can (`benchmarks/timers.py` makes them).
"""
_REPLACED = 300
"""Records replaced before what is new is looked at, some 4 ms; every fourth time the middle-aged, every eighth the old.

Steps of 300 timers at 100,000 cases: 55 ms in 99 of a hundred and 65 at most, 101 and 223 without.
"""
_AGES = (0, 0, 0, 1, 0, 0, 0, _OLDEST)


class _Watch:
    """Freezes what is old after each long look at it; Python begins no second look during one.

    Stages share it without a lock: what is lost when two count at once is a look that comes a little later.
    """

    def __init__(self) -> None:
        self._began = 0.0
        self._replaced = 0
        self._looks = 0

    def __call__(self, phase: str, info: Mapping[str, int]) -> None:
        if info["generation"] != _OLDEST:
            return
        if phase == "start":
            self._began = time.perf_counter()
        elif time.perf_counter() - self._began >= LONG_S:
            gc.freeze()

    def replaced(self, records: int) -> None:
        """A step put so many records in the place of others."""
        self._replaced += records
        if self._replaced < _REPLACED:
            return
        age = _AGES[self._looks % len(_AGES)]
        self._replaced = 0
        self._looks += 1
        gc.collect(age)


watch = _Watch()


def keep_pauses_short() -> None:
    """Freeze what is there, and from now on what has become old. For processes that only run a worker, when set up.

    The second look finds nothing. Python waits with a look at the old for a quarter of what the last one left, and the
    first left all that was imported.
    """
    if watch not in gc.callbacks:
        gc.collect()
        gc.freeze()
        gc.collect()
        gc.callbacks.append(watch)
        gc.set_threshold(*_THRESHOLDS)


def replaced(records: int) -> None:
    """Look at what is new after enough records were replaced; nothing where pauses are not kept short."""
    if watch in gc.callbacks:
        watch.replaced(records)
