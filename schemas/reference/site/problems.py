"""Collects the faults of a file, so that all of them can be corrected at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from schemas.reference.errors import ReferenceDataError
from schemas.reference.toml_entries import TomlEntry

T = TypeVar("T")


@dataclass(slots=True)
class Problems:
    """The faults found so far."""

    found: list[ReferenceDataError] = field(default_factory=list)

    def take(self, read: Callable[[], T]) -> T | None:
        """What `read` returns. When it raises a fault: None, and the fault is kept."""
        try:
            return read()
        except ReferenceDataError as fault:
            self.found.append(fault)
            return None

    def take_all(self, entries: Iterable[TomlEntry], read: Callable[[TomlEntry], T]) -> list[tuple[TomlEntry, T]]:
        """The entries that can be read, each with what it says."""
        read_entries = ((entry, self.take(partial(read, entry))) for entry in entries)
        return [(entry, said) for entry, said in read_entries if said is not None]
