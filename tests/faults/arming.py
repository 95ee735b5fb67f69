"""How a process is made to die at a named point.

The harness writes the file `armed-<point>` into the control directory; it holds the number of passes to skip. Each
process looks for the file when it passes the point. The process that succeeds in renaming it kills itself (SIGKILL).
"""

from __future__ import annotations

import os
import signal
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

CONTROL = "FAULTS_CONTROL"
"""Names the control directory in the environment of the processes under test."""


@dataclass(frozen=True, slots=True)
class Death:
    """A process that died at a point.

    Attributes:
        point: Which.
        pid: Its process id.
        at: Seconds of the machine's monotonic clock.
    """

    point: str
    pid: int
    at: float


class Arsenal:
    """The control directory, as the harness sees it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def arm(self, point: str, skip: int) -> None:
        """Make a process die at a point, after it has passed it `skip` times."""
        draft = self.directory / "draft"
        draft.write_text(str(skip))
        draft.replace(self.directory / f"armed-{point}")

    def disarm(self, point: str) -> None:
        """Undo `arm`; harmless if a process has died there."""
        (self.directory / f"armed-{point}").unlink(missing_ok=True)

    def death(self, point: str) -> Death | None:
        """The process that died there; each death is returned once."""
        path = self.directory / f"dead-{point}"
        try:
            pid, at = path.read_text().split()
        except (FileNotFoundError, ValueError):
            return None
        path.unlink()
        return Death(point, int(pid), float(at))


class Fuse:
    """The control directory, as a process under test sees it."""

    def __init__(self, directory: Path) -> None:
        self._directory = str(directory)
        self._passes: defaultdict[str, int] = defaultdict(int)

    def lit(self, point: str) -> bool:
        """Count a pass; whether this process must die here. Cheap while nothing is armed."""
        path = f"{self._directory}/armed-{point}"
        try:
            skip = int(Path(path).read_text()) if os.path.exists(path) else -1  # noqa: PTH110 - ten times cheaper
        except (FileNotFoundError, ValueError):
            return False
        if skip < 0:
            self._passes[point] = 0
            return False
        self._passes[point] += 1
        if self._passes[point] <= skip:
            return False
        try:
            os.rename(path, f"{self._directory}/taken-{point}")  # noqa: PTH104 - atomic: one process alone wins
        except FileNotFoundError:
            return False
        return True

    def die(self, point: str) -> None:
        """Leave a note and die."""
        draft = Path(f"{self._directory}/note-{point}")
        draft.write_text(f"{os.getpid()} {time.monotonic()}")
        draft.rename(f"{self._directory}/dead-{point}")
        os.kill(os.getpid(), signal.SIGKILL)

    def passes(self, point: str) -> None:
        """Pass a point: die there if it is our turn."""
        if self.lit(point):
            self.die(point)
