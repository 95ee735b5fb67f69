"""The output of one child in files of bounded size."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import closing
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

MAX_FILE_BYTES = 10 * 1024 * 1024
KEPT_FILES = 3
"""The current file and two older ones."""

LAST_LINES = 15
MAX_LINE_BYTES = 16_384
"""Longer lines are split, so a child that prints no newline cannot fill our memory."""


class ChildLog:
    """Copies the output of a child to `NAME.log`; a full file becomes `NAME.log.1` and so on."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_FILE_BYTES, kept: int = KEPT_FILES) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._kept = kept
        self._last: deque[bytes] = deque(maxlen=LAST_LINES)
        self._thread: threading.Thread | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    def follow(self, output: IO[bytes]) -> None:
        """Copy until the child closes its output; a restarted child continues in the same files."""
        self.finish()
        self._thread = threading.Thread(target=self._copy, args=(output,), name=f"log-{self.path.stem}", daemon=True)
        self._thread.start()

    def finish(self, timeout_s: float = 2) -> None:
        """Wait until all output of a stopped child is in the file."""
        if self._thread is not None:
            self._thread.join(timeout_s)
            self._thread = None

    def last_lines(self) -> list[str]:
        """The last lines, for error messages."""
        return [line.decode(errors="replace").rstrip() for line in tuple(self._last)]

    def _copy(self, output: IO[bytes]) -> None:
        files = RotatingFileHandler(self.path, backupCount=self._kept - 1, encoding="latin-1")
        with output, closing(files):
            while line := output.readline(MAX_LINE_BYTES):
                self._last.append(line)
                assert files.stream is not None  # open until it is closed
                files.stream.write(line.decode("latin-1"))  # one character for each byte, whatever it means
                files.flush()
                if files.stream.tell() >= self._max_bytes:
                    files.doRollover()
