"""Ctrl-C and SIGTERM as a request for an orderly stop."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self


class StopRequest:
    """Within its `with` block the first signal requests a stop; a second one raises `KeyboardInterrupt`.

    The second signal is for people who do not want to wait: whoever runs child processes then kills them.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        """Install handlers of SIGINT and SIGTERM."""
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Restore the previous handlers."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def event(self) -> threading.Event:
        """Set once a stop was requested; long-running functions take it as `stop`."""
        return self._event

    def is_set(self) -> bool:
        """Whether a stop was requested."""
        return self._event.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Wait until a stop is requested or the time is over; returns whether a stop was requested."""
        return self._event.wait(timeout_s)

    def set(self) -> None:
        """Request a stop."""
        self._event.set()

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._event.is_set():
            raise KeyboardInterrupt
        self._event.set()
