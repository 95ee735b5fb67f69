"""What a statement read and wrote, under the names that ClickHouse gives these figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows, bytes and nanoseconds of one statement."""

    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    total_rows_to_read: int = 0  # an estimate; 0: unknown
    result_rows: int = 0
    elapsed_ns: int = 0

    @classmethod
    def of(cls, result: Any) -> Counts:
        """The counts of a chDB result."""
        read = result.storage_rows_read(), result.storage_bytes_read()
        return cls(*read, result.rows_written(), result.bytes_written())

    @classmethod
    def reported(cls, progress: Mapping[str, int]) -> Counts:
        """The counts so far, as chDB reports them while a statement runs."""
        return cls(**{field.name: progress.get(field.name, 0) for field in fields(cls)})

    def since(self, earlier: Counts) -> Counts:
        """The growth since an earlier report; never negative, because a total that is estimated may shrink."""
        return Counts(*(max(now - before, 0) for now, before in zip(astuple(self), astuple(earlier), strict=True)))
