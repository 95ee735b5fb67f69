"""Keeping Python's collector of cyclic garbage from holding a worker up.

A view is many small objects that live for months and form no cycles. Every so often the collector looks at all that
has become old: one second of stillness at 100,000 open cases, in which every stage of the process waits. So when such a
look has become long, what is old is frozen: the collector does not look at it again, and it is still freed when nothing
refers to it any more. What is lost are cycles among the frozen that fall into disuse later; a freeze comes only after
that much growth, so they stay few beside what grew.

The length of the look is measured, and the old are not counted: `gc.get_objects` hands out tuples that another thread
is still filling, and that thread then fails with a SystemError (CPython issue 15108).
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


class _Watch:
    """Freezes what is old after each long look at it; Python begins no second look during one."""

    def __init__(self) -> None:
        self._began = 0.0

    def __call__(self, phase: str, info: Mapping[str, int]) -> None:
        if info["generation"] != _OLDEST:
            return
        if phase == "start":
            self._began = time.perf_counter()
        elif time.perf_counter() - self._began >= LONG_S:
            gc.freeze()


watch = _Watch()


def keep_pauses_short() -> None:
    """Freeze what has become old from now on, in this process. To be called by processes that only run a worker."""
    if watch not in gc.callbacks:
        gc.callbacks.append(watch)
        gc.set_threshold(*_THRESHOLDS)
