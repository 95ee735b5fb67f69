"""One child process: what it is, and its life from start to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.supervisor import die_with_parent
from deploy.local.supervisor.logs import ChildLog
from schemas.errors import SystemFault


class ChildFailed(SystemFault):
    """A child cannot be kept running.

    Args:
        name: Which.
        what: What it did, e.g. "ended with status 1".
        log: Its log file.
        last_lines: What it printed last.
    """

    def __init__(self, name: str, what: str, log: Path, last_lines: Sequence[str]) -> None:
        said = "\n".join(f"  | {line}" for line in last_lines) or "  | (it printed nothing)"
        super().__init__(f"{name} {what}. Its last lines, from {log}:\n{said}")
        self.name = name


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What is to run.

    Attributes:
        name: Short and unique; names the log file.
        command: Program and arguments; a new one for each start, since a broker wants a new cluster id.
        environment: The child's whole environment; hidden in `repr`, it may hold secrets.
        ready: Says whether it can be used.
        after_start: Done whenever it has become ready again, also after a restart.
        once: Whether it ends by itself when its work is done; then it is not restarted, and a failure of it is final.
        dependents: Children that must be started anew when this one was.
        ready_timeout_s: How long it may take to become ready.
        stop_signal: What asks it to stop.
        stop_timeout_s: How long it may take to stop before it is killed.
    """

    name: str
    command: Callable[[], Sequence[str]]
    environment: Mapping[str, str] = field(repr=False)
    ready: Callable[[], bool] = _always
    after_start: Callable[[], None] | None = None
    once: bool = False
    dependents: tuple[str, ...] = ()
    ready_timeout_s: float = 30
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_s: float = 30


class Child:
    """One supervised process; launched by the main thread, since Linux ties its life to the thread that made it."""

    def __init__(self, spec: ChildSpec, log: ChildLog) -> None:
        self.spec = spec
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self.process.pid if self.process is not None and self.process.poll() is None else None

    def launch(self) -> None:
        """Start the process; readiness is the supervisor's to watch.

        Its own session, so that Ctrl-C in a terminal reaches the supervisor alone, which stops everything in order.
        """
        self.process = subprocess.Popen(  # noqa: S603 the commands are our own, and no shell reads them
            bound_command(self.spec.command()),
            env=dict(self.spec.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.log.follow(self.process.stdout)

    def ended(self) -> str | None:
        """How it ended, in words; None while it runs."""
        status = None if self.process is None else self.process.poll()
        if status is None:
            return None
        return f"ended with status {status}" if status >= 0 else f"was ended by {_signal_name(-status)}"

    @property
    def done(self) -> bool:
        """Whether a child that runs once has done its work."""
        return self.spec.once and self.process is not None and self.process.poll() == 0

    def failure(self, what: str) -> ChildFailed:
        """The error to raise about it, with its last lines."""
        self.log.finish()
        return ChildFailed(self.spec.name, what, self.log.path, self.log.last_lines())

    def stop(self, *, at_once: bool = False) -> bool:
        """Ask it to stop, wait, and kill it if it does not; returns whether it stopped by itself."""
        process = self.process
        if process is None:
            return True
        gently = True
        if process.poll() is None:
            process.send_signal(signal.SIGKILL if at_once else self.spec.stop_signal)
            try:
                process.wait(self.spec.stop_timeout_s)
            except subprocess.TimeoutExpired:
                gently = False
                process.kill()
                process.wait()
        self.log.finish()
        self.process = None
        return gently


def bound_command(command: Sequence[str]) -> list[str]:
    """The command line that runs a command which ends when the thread that starts it ends."""
    return [sys.executable, "-I", "-S", die_with_parent.__file__, str(os.getpid()), *command]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
