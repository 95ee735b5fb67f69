"""Collects the rows of one INSERT until the client has sent them all.

Nothing is stored before the last block: a client that dies before it has stored nothing.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final, Self

from deploy.local.clickhouse.errors import CANNOT_WRITE, ServerError

_MEMORY_BYTES: Final = 64 << 20  # a larger INSERT is spooled to disk


class Spool:
    """An unnamed file, in memory while small, which the engine reads through its descriptor.

    It disappears with the process, so a crash leaves nothing to clean up.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file = os.memfd_create("insert")
        self._in_memory = True
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    @property
    def path(self) -> str:
        """The path by which the engine reads the rows. It contains no quote."""
        return f"/proc/self/fd/{self._file}"

    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            ServerError: 243, the disk is full.
        """
        try:
            if self._in_memory and self.size + len(data) > _MEMORY_BYTES:
                self._move_to_disk()
            view = memoryview(data)
            while view:
                view = view[os.write(self._file, view) :]
        except OSError as error:
            raise ServerError(CANNOT_WRITE, f"Cannot keep the rows: {error} (NOT_ENOUGH_SPACE)") from error
        self.size += len(data)

    def _move_to_disk(self) -> None:
        with tempfile.TemporaryFile(dir=self._directory) as file:
            disk = os.dup(file.fileno())
        try:
            position = 0
            while sent := os.sendfile(disk, self._file, position, self.size - position):
                position += sent
        except OSError:
            os.close(disk)
            raise
        os.close(self._file)
        self._file, self._in_memory = disk, False
