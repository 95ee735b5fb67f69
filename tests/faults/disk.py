"""A disk for snapshots that tests can fill: a small file system in memory, where we may mount one (root).

Elsewhere a file tells the launched worker to fail as on a full disk (`faults.points`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

FULL = "disk-full"
"""File of the control directory: snapshots fail as on a full disk."""

_SIZE_MIB = 192
_CHUNK = b"\0" * 65_536


class SnapshotDisk:
    """Where the workers put their snapshots.

    Args:
        directory: Made, and mounted over where possible.
        control: The control directory.

    Attributes:
        directory: The directory.
        real: Whether it is a file system of its own.
    """

    def __init__(self, directory: Path, control: Path) -> None:
        self.directory = directory
        self.real = False
        self._flag = control / FULL
        self._ballast = directory / "ballast"

    def __enter__(self) -> Self:
        """Mount it."""
        unmount(self.directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0 and shutil.which("mount"):
            command = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE_MIB}m,mode=700", "faults", str(self.directory)]
            self.real = subprocess.run(command, check=False, capture_output=True).returncode == 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Unmount it; its content is gone."""
        self.free()
        unmount(self.directory)

    def fill(self) -> None:
        """Leave no room."""
        if not self.real:
            self._flag.touch()
            return
        with suppress(OSError), self._ballast.open("wb", buffering=0) as file:
            while True:
                file.write(_CHUNK)

    def free(self) -> None:
        """Make room again; harmless if there is room."""
        self._flag.unlink(missing_ok=True)
        self._ballast.unlink(missing_ok=True)

    def snapshots(self) -> list[Path]:
        """The snapshots that are there, newest last."""
        return sorted(self.directory.glob("*.npz"))


def unmount(directory: Path) -> None:
    """Undo a mount, also one that a killed run left behind; harmless when there is none."""
    if os.path.ismount(directory):
        subprocess.run(["umount", "--lazy", str(directory)], check=False, capture_output=True)
