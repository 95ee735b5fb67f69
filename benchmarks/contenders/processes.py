"""Processor time and memory of a contender's processes, read from /proc on Linux."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_SAMPLE_S = 0.2


class Measured:
    """Runs a command in its own session, and measures all processes of that session.

    Args:
        command: Command line.
        environment: Environment variables.
        log: File for the output.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, env=dict(environment), stdout=output, stderr=output, start_new_session=True
            )
        self._cpu: dict[int, float] = {}
        self._peak: dict[int, int] = {}
        self._anonymous: dict[int, int] = {}
        self._over = threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()

    @property
    def running(self) -> bool:
        """Whether the command still runs."""
        return self._process.poll() is None

    def cpu_seconds(self) -> float:
        """User and system time of all processes so far."""
        self._look()
        return sum(self._cpu.values())

    def peak_mib(self) -> float:
        """Sum of the peak resident sizes of all processes."""
        self._look()
        return sum(self._peak.values()) / 1024

    def peak_anonymous_mib(self) -> float:
        """The same without the pages of mapped files, which the system takes back when it needs memory."""
        self._look()
        return sum(self._anonymous.values()) / 1024

    def kill(self) -> None:
        """Kill all processes with SIGKILL."""
        self._over.set()
        self._sampler.join()
        if self.running:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _sample(self) -> None:
        while not self._over.wait(_SAMPLE_S):
            self._look()

    def _look(self) -> None:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                self._look_at(int(entry.name), entry)

    def _look_at(self, pid: int, entry: Path) -> None:
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) != self._process.pid:  # another session
                return
            self._cpu[pid] = (int(fields[11]) + int(fields[12])) / _TICKS
            status = (entry / "status").read_text()
            self._peak[pid] = int(status.partition("VmHWM:")[2].split()[0])
            anonymous = int(status.partition("RssAnon:")[2].split()[0])
            self._anonymous[pid] = max(anonymous, self._anonymous.get(pid, 0))
        except (OSError, IndexError, ValueError):
            return  # the process ended meanwhile
