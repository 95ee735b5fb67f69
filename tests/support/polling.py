"""Waiting in tests: for an event, never for a clock. This is the only loop in the tests that looks again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

DEADLINE_S = 600.0
"""How long a test waits before it fails. Only a failure takes so long, and a busy machine needs much of it."""
PAUSE_S = 0.05


class Overdue(AssertionError):
    """Something that a test waited for did not happen in time."""


def eventually(
    condition: Callable[[], T | None], what: str, *, within_s: float = DEADLINE_S, pause_s: float = PAUSE_S
) -> T:
    """Call a condition until its value is true, and return that value.

    Args:
        condition: Looked at again after each pause; what it raises ends the wait.
        what: What the test waits for; the error message begins with it.
        within_s: How long to wait, in seconds.
        pause_s: Seconds between two looks.

    Raises:
        Overdue: The condition was not true in time. The message has its last value.
    """
    deadline = time.monotonic() + within_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise Overdue(f"{what}: not within {within_s:g} s (last value: {value!r})")
        time.sleep(pause_s)
    return value


def eventually_passes(check: Callable[[], object], what: str, *, within_s: float = DEADLINE_S) -> None:
    """Call a check until it raises no AssertionError.

    Raises:
        Overdue: It still raised one at the end. The message has the last one.
    """
    failed = AssertionError()

    def passes() -> bool:
        nonlocal failed
        try:
            check()
        except AssertionError as error:
            failed = error
            return False
        return True

    try:
        eventually(passes, what, within_s=within_s, pause_s=4 * PAUSE_S)
    except Overdue as overdue:
        raise Overdue(f"{overdue}: {failed}") from failed
