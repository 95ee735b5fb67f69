"""The bytes of a file, a pipe or standard input: counted, and readable only until somebody asks to stop."""

from __future__ import annotations

import io
import os
import select
import stat
import zlib
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from producers.files.report import STANDARD_INPUT

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

START_BYTES = 4096
"""Enough to tell formats apart: the first names in a workbook, or a header line."""

_LOOK_EVERY_MS = 200
_STANDARD_INPUT_FD = 0
_ZIP = b"PK"


class RereadStream(io.RawIOBase):
    """Bytes whose beginning can be looked at before they are read; subclasses say where they come from."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead = b""

    def read_start(self) -> bytes:
        """The first bytes, which the next reads will give once more; fewer than `START_BYTES` if a line ends earlier.

        Does not wait for more than the first line of a text: a slow writer's events are sent as they come.

        Raises:
            OSError, EOFError, zlib.error: Nothing can be read.
        """
        start = bytearray()
        while len(start) < START_BYTES and (b"\n" not in start or start.startswith(_ZIP)):
            part = bytearray(START_BYTES - len(start))
            try:
                count = self._read(part)
            except (OSError, EOFError, zlib.error):
                if not start:
                    raise
                break  # what comes behind is damaged; the next read says so again
            if not count:
                break
            start += part[:count]
        self._ahead = bytes(start)
        return self._ahead

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read some bytes into a buffer; 0 at the end."""
        view = memoryview(buffer).cast("B")
        if self._ahead:
            part = self._ahead[: len(view)]
            view[: len(part)] = part
            self._ahead = self._ahead[len(part) :]
            return len(part)
        return self._read(view)

    def _read(self, buffer: bytearray | memoryview) -> int:
        """Read some bytes behind the beginning into a buffer; 0 at the end."""
        raise NotImplementedError


class ByteStream(RereadStream):
    """Bytes of one source.

    A stream that waits for its writer ends when `stop` is set: an ordinary read of a pipe would wait on for ever.

    Args:
        path: A file, a named pipe, a device, or `STANDARD_INPUT`.
        stop: When set, a pipe or a device ends.

    Attributes:
        size: Size in bytes; None if it is a stream, whose size nobody knows.
        position: Bytes read so far, as they are stored.

    Raises:
        OSError: It cannot be opened.
    """

    def __init__(self, path: Path, stop: Event) -> None:
        super().__init__()
        # Opening a named pipe would wait for its writer, unless told otherwise; `stop` could not end that.
        descriptor = (
            os.dup(_STANDARD_INPUT_FD) if path == STANDARD_INPUT else os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        )
        self._file = io.FileIO(descriptor)
        status = os.fstat(descriptor)
        self.size = status.st_size if stat.S_ISREG(status.st_mode) else None
        self.position = 0
        self._stop = stop
        self._waiting = select.poll()
        self._waiting.register(descriptor, select.POLLIN)

    def close(self) -> None:
        """Close it."""
        self._file.close()
        super().close()

    def _read(self, buffer: bytearray | memoryview) -> int:
        while True:
            if self.size is None and not self._writer_is_ready():
                return 0
            count: int | None = self._file.readinto(buffer)
            if count is not None:  # None: another reader of the same pipe was quicker
                self.position += count
                return count

    def _writer_is_ready(self) -> bool:
        """Wait until there is something to read, or the end; False when asked to stop."""
        while not self._stop.is_set():
            if self._waiting.poll(_LOOK_EVERY_MS):
                return True
        return False


def size_of(path: Path, problem: Callable[[str], None]) -> int | None:
    """Size of a file in bytes; None for a stream. Tells what is wrong with one that cannot be opened."""
    if path == STANDARD_INPUT:
        try:
            status = os.fstat(_STANDARD_INPUT_FD)
        except OSError:
            problem("Standard input is closed, so there is nothing to read from it.")
            return None
        return status.st_size if stat.S_ISREG(status.st_mode) else None
    try:
        status = path.stat()
        if stat.S_ISREG(status.st_mode):
            path.open("rb").close()  # not a pipe: its writer would take this for the end
            return status.st_size
    except OSError as error:
        problem(f"{path} cannot be read: {error.strerror}.")
        return None
    if stat.S_ISDIR(status.st_mode):
        problem(f"{path} is a directory: name the files in it, such as {path}/*.csv.")
    elif not os.access(path, os.R_OK):
        problem(f"{path} cannot be read: you are not allowed to.")
    return None
