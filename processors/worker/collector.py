"""Keeping Python's collector of cyclic garbage from holding a worker up.

A view is many small objects that live for months and form no cycles. Every so often the collector looks at all that has
become old: one second of stillness at 100,000 open cases, in which every stage of the process waits. So when the old
have become many they are frozen: the collector does not look at them again, and they are still freed when nothing
refers to them any more. What is lost are cycles among the frozen that fall into disuse later; a freeze comes only
after that much growth, so they stay few beside what grew.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping

_OLDEST = 2
MANY = 20_000
"""So many objects make a pause of some 20 ms."""
_MIDDLE_ROUNDS = 3
"""Collections of the middle generation before one of the old: Python's 10 let 70,000 objects grow old between."""


def _freeze_if_many(phase: str, info: Mapping[str, int]) -> None:
    if phase == "stop" and info["generation"] == _OLDEST and len(gc.get_objects(generation=_OLDEST)) > MANY:
        gc.freeze()


def keep_pauses_short() -> None:
    """Freeze what has become old from now on, in this process. To be called by processes that only run a worker."""
    if _freeze_if_many not in gc.callbacks:
        gc.callbacks.append(_freeze_if_many)
        young, middle, _old = gc.get_threshold()
        gc.set_threshold(young, middle, _MIDDLE_ROUNDS)
