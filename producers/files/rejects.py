"""The file of rejections: what to correct, without personal data."""

from __future__ import annotations

import csv
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from producers.files.report import Rejection


class RejectWriter:
    """Writes rejections to a CSV file, which the first one creates or replaces; usable as `on_reject`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None
        self.written = 0

    def __call__(self, rejection: Rejection) -> None:
        """Write one rejection."""
        if self._file is None:
            self._file = self._path.open("w", encoding="utf-8", newline="")
            self._rows = csv.writer(self._file)
            self._rows.writerow(("file", "line", "field", "reason", "rule"))
        self._rows.writerow((rejection.path, rejection.line, rejection.field, rejection.reason, rejection.rule))
        self.written += 1

    def __enter__(self) -> Self:
        """The writer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
