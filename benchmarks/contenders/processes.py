"""What a contender's processes use: processor time and memory, read from Linux's /proc."""

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
    """A command in a session of its own, with everything that it starts.

    Args:
        command: The command.
        environment: Its environment.
        log: Where its output goes.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, env=dict(environment), stdout=output, stderr=output, start_new_session=True
            )
        self._cpu: dict[int, float] = {}
        self._peak: dict[int, int] = {}
        self._over = threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def cpu_seconds(self) -> float:
        """Processor time, user and system, of all its processes up to now."""
        self._look()
        return sum(self._cpu.values())

    def peak_mib(self) -> float:
        """Sum of the largest resident sizes of its processes."""
        self._look()
        return sum(self._peak.values()) / 1024

    def kill(self) -> None:
        """SIGKILL to all of them."""
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
            if int(fields[3]) != self._process.pid:  # its session
                return
            self._cpu[pid] = (int(fields[11]) + int(fields[12])) / _TICKS
            status = (entry / "status").read_text()
            self._peak[pid] = int(status.partition("VmHWM:")[2].split()[0])
        except (OSError, IndexError, ValueError):
            return  # it ended while we looked
