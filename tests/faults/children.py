"""Keeps processes running, as an operator's supervisor does: a process that dies is started again."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.supervisor.child import bound_command

_LOOK_S = 0.05
_CRASHED_PAUSE_S = 0.5
_SOON_S = 5.0


@dataclass(slots=True)
class Child:
    """One process.

    Attributes:
        name: Its name.
        command: How it is started.
        environment: All of its environment.
        log: File that takes what it writes.
        kept: Whether it is started again when it ends.
        process: The current one.
        started_at: When it was started; seconds of the monotonic clock.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    kept: bool = False
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0

    @property
    def pid(self) -> int | None:
        """Process id, while it runs."""
        running = self.process is not None and self.process.poll() is None
        return self.process.pid if running and self.process is not None else None


class Keeper:
    """Starts, stops and kills children, and restarts those that die. A context manager; at its end none is left."""

    def __init__(self) -> None:
        self._children: dict[str, Child] = {}
        self._ends = 0
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="keeper", daemon=True)

    def __enter__(self) -> Self:
        """Start the watching thread."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all children."""
        self._over.set()
        self._thread.join()
        for name in reversed(list(self._children)):
            self.remove(name)

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path) -> Child:
        """Start a child and keep it running from now on."""
        with self._lock:
            child = self._children[name] = Child(name, bound_command(command), environment, log)
            self._spawn(child)
        return child

    def resume(self, name: str) -> None:
        """Start a child again that was stopped or killed for good."""
        with self._lock:
            self._spawn(self._children[name])

    def _spawn(self, child: Child) -> None:
        with child.log.open("ab") as output:
            child.process = subprocess.Popen(
                child.command, env=child.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        child.started_at, child.kept = time.monotonic(), True

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_S):
            with self._lock:
                for child in self._children.values():
                    self._look_after(child)

    def _look_after(self, child: Child) -> None:
        if not child.kept or child.process is None or child.process.poll() is None:
            return
        status = child.process.returncode
        # A process that fails at once would otherwise be started many times a second.
        hasty = status >= 0 and time.monotonic() - child.started_at < _SOON_S
        if hasty and time.monotonic() - child.started_at < _CRASHED_PAUSE_S:
            return
        self._ends += 1
        self._spawn(child)

    def pid(self, name: str) -> int:
        """Process id of a child that runs."""
        pid = self._children[name].pid
        assert pid is not None, f"{name} does not run"
        return pid

    def names(self, prefix: str) -> list[str]:
        """The children that are kept running and whose names begin so."""
        return [name for name, child in self._children.items() if name.startswith(prefix) and child.kept]

    def child(self, name: str) -> Child:
        """A child."""
        return self._children[name]

    def ends(self) -> int:
        """Number of processes that ended unasked."""
        return self._ends

    def kill(self, name: str, *, for_good: bool = False) -> int:
        """SIGKILL; the child is started again at once unless `for_good`. Returns the pid."""
        with self._lock:
            child = self._children[name]
            pid = self.pid(name)
            child.kept = child.kept and not for_good
            os.kill(pid, signal.SIGKILL)
            if for_good and child.process is not None:
                child.process.wait()
        return pid

    def terminate(self, name: str, patience_s: float) -> tuple[float, int | None]:
        """SIGTERM; seconds until it was gone and its exit status, None when it had to be killed."""
        with self._lock:
            child = self._children[name]
            child.kept = False
            process = child.process
        if process is None or process.poll() is not None:
            return 0.0, None if process is None else process.returncode
        asked = time.monotonic()
        process.terminate()
        try:
            status: int | None = process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            status = None
        return time.monotonic() - asked, status

    def remove(self, name: str) -> None:
        """End a child and forget it."""
        with self._lock:
            child = self._children.pop(name)
        child.kept = False
        if child.process is not None:
            with suppress(ProcessLookupError):
                child.process.kill()
            child.process.wait()
