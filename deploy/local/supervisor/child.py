"""One supervised child process, from start to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from deploy.local.supervisor import die_with_parent
from deploy.local.supervisor.logs import ChildLog
from schemas.errors import SystemFault


class ChildFailed(SystemFault):
    """A child cannot be kept running: `what` happened, e.g. "ended with status 1"."""

    def __init__(self, name: str, what: str, log: ChildLog) -> None:
        output = "\n".join(f"  | {line}" for line in log.last_lines()) or "  | (it printed nothing)"
        super().__init__(f"{name} {what}. Its last lines, from {log.path}:\n{output}")
        self.name = name


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """A child process to run."""

    name: str  # short and unique; names the log file
    command: Callable[[], Sequence[str]]  # called at each start, since a broker needs a new cluster id
    environment: Mapping[str, str] = field(repr=False)  # the whole environment; it may hold secrets
    ready: Callable[[], bool] = lambda: True
    after_start: Callable[[], None] | None = None  # called when it has become ready, also after a restart
    once: bool = False  # it ends by itself, is not restarted, and its failure is final
    dependents: tuple[str, ...] = ()  # children to restart whenever this one was restarted
    ready_timeout_s: float = 30
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_s: float = 30  # then it is killed
    # Ends that any client can cause: it is started again, and such ends are no crash loop.
    pardoned: frozenset[signal.Signals] = frozenset()


class Child:
    """One supervised process. Launched by the main thread: Linux kills it when the thread that launched it ends."""

    def __init__(self, spec: ChildSpec, log: ChildLog) -> None:
        self.spec = spec
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self.process.pid if self.process is not None and self.process.poll() is None else None

    def launch(self) -> None:
        """Start the process.

        It gets a session of its own, so Ctrl-C in a terminal reaches only the supervisor, which stops all
        children in order.
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
    def pardoned(self) -> bool:
        """Whether it was ended by a signal that does not count as a crash."""
        status = None if self.process is None else self.process.poll()
        return status is not None and -status in self.spec.pardoned

    @property
    def done(self) -> bool:
        """Whether a child that runs once has done its work."""
        return self.spec.once and self.process is not None and self.process.poll() == 0

    def failure(self, what: str) -> ChildFailed:
        """The error to raise for it, with its last lines."""
        self.log.finish()
        return ChildFailed(self.spec.name, what, self.log)

    def stop(self, *, at_once: bool = False) -> bool:
        """Signal it to stop, wait, kill it after its time; returns whether it stopped without being killed."""
        process = self.process
        if process is None:
            return True
        in_order = True
        if process.poll() is None:
            process.send_signal(signal.SIGKILL if at_once else self.spec.stop_signal)
            try:
                process.wait(self.spec.stop_timeout_s)
            except subprocess.TimeoutExpired:
                in_order = False
                process.kill()
                process.wait()
        self.log.finish()
        self.process = None
        return in_order


def bound_command(command: Sequence[str]) -> list[str]:
    """The command line that runs a command and kills it when the starting thread ends."""
    return [sys.executable, "-I", "-S", die_with_parent.__file__, str(os.getpid()), *command]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
