"""Ctrl-C and SIGTERM as a request to stop in order."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self


class StopRequest:
    """While its `with` block lasts, the first signal asks to stop and a second one interrupts at once.

    The second is for people who will not wait: it raises `KeyboardInterrupt`, and whoever holds children kills them.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        """Take over SIGINT and SIGTERM."""
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def event(self) -> threading.Event:
        """Set once a stop was asked for; what long-running functions take as `stop`."""
        return self._event

    def is_set(self) -> bool:
        """Whether a stop was asked for."""
        return self._event.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Sleep until a stop is asked for or the time is over; returns whether it was asked for."""
        return self._event.wait(timeout_s)

    def set(self) -> None:
        """Ask for a stop."""
        self._event.set()

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._event.is_set():
            raise KeyboardInterrupt
        self._event.set()
