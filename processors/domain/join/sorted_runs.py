"""Sorted runs of status rows: what the status log is made of.

A run is written once and never changed. Keys stand apart from the rows, each once: a search then touches a dense column
of aligned numbers, which numpy searches in place, and eight statuses of a declaration share its key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from processors.domain.snapshot_arrays import KeepsArrays
from schemas.vectorized.kernels.compiled import Longs, UInts, kernel
from schemas.vectorized.kernels.radix import ascending

ROW = np.dtype(
    [
        ("occurred_at", np.int64),
        ("event", np.uint64),  # hash of the event id
        ("crc", np.uint32),
        ("tax_code", np.uint32),
        ("office", np.uint32),  # any code of 4 to 6 characters is accepted: 16 bits could be filled up on purpose
        ("team", np.uint16),
        ("kind", np.uint16),
        ("channel", np.uint8),
        ("status", np.uint8),
    ]
)
_FANOUT = 8
"""Runs of like size are merged when there are this many: few runs to search, few rewrites of a row."""
_LARGEST = 1 << 19
"""Most rows of one merge: a merge holds its rows twice for a moment, and should end within a tenth of a second."""

_STORED = 1 << 15
"""Least rows of a run for the disk: fewer are soon merged again, and would make many small files."""

Keys = npt.NDArray[np.int64]
Rows = npt.NDArray[np.void]


@dataclass(frozen=True, slots=True)
class SortedRun:
    """Rows in order of their keys.

    Attributes:
        keys: Each key once, ascending.
        starts: Place of the first row of each key, and after the last the number of rows.
        rows: Rows of dtype `ROW`; those of one key stand together. They may be mapped from a file.
        end: The offset after the last of its records in the log.
        newest: The newest Kafka timestamp of its records, epoch milliseconds.
    """

    keys: Keys
    starts: npt.NDArray[np.uint32]
    rows: Rows
    end: int = 0
    newest: int = 0

    @classmethod
    def of(cls, keys: Keys, rows: Rows, end: int = 0, newest: int = 0) -> SortedRun:
        """The run of rows in any order, with the key of each."""
        return cls.merged([cls(keys, np.arange(len(keys) + 1, dtype=np.uint32), rows, end, newest)])

    @classmethod
    def merged(cls, runs: Sequence[SortedRun]) -> SortedRun:
        """One run with the rows of several; their keys may be unsorted and may repeat."""
        keys = np.concatenate([run.keys for run in runs])
        sizes = np.concatenate([np.diff(run.starts) for run in runs])
        found, starts, targets = np.empty_like(keys), np.empty(len(keys) + 1, np.uint32), np.empty_like(keys)
        count = _lay_out(keys, sizes, found, starts, targets)
        rows, done = np.empty(int(starts[count]), ROW), 0
        for run in runs:
            _move(run.rows, run.starts, targets[done : done + len(run.keys)], rows)
            done += len(run.keys)
        end, newest = max(run.end for run in runs), max(run.newest for run in runs)
        return cls(found[:count].copy(), starts[: count + 1].copy(), rows, end, newest)

    def __len__(self) -> int:
        """Rows."""
        return len(self.rows)

    def find(self, wanted: Keys) -> tuple[npt.NDArray[np.int64], Rows]:
        """The rows of the wanted keys (ascending, each once), and for each row the place of its key in `wanted`."""
        places = np.searchsorted(self.keys, wanted)
        places[places == len(self.keys)] = 0
        owners = np.flatnonzero(self.keys[places] == wanted)
        firsts = self.starts[places[owners]].astype(np.int64)
        sizes = self.starts[places[owners] + 1] - firsts
        before = np.cumsum(sizes) - sizes
        chosen = np.repeat(firsts - before, sizes) + np.arange(int(sizes.sum()))
        return np.repeat(owners, sizes), taken(self.rows, chosen)

    def earliest(self, keys: Keys) -> npt.NDArray[np.int64]:
        """For each of some of its keys the time of the earliest row, epoch milliseconds."""
        if not len(keys):
            return np.empty(0, np.int64)
        places = np.searchsorted(self.keys, keys)
        found: npt.NDArray[np.int64] = np.minimum.reduceat(self.rows["occurred_at"], self.starts[:-1])[places]
        return found

    def only(self, kept: npt.NDArray[np.bool_]) -> SortedRun | None:
        """The run with those keys only; None if none of them is left."""
        if kept.all():
            return self
        if not kept.any():
            return None
        lengths = np.diff(self.starts)
        starts = np.append(0, np.cumsum(lengths[kept])).astype(np.uint32)
        return replace(self, keys=self.keys[kept], starts=starts, rows=self.rows[np.repeat(kept, lengths)])

    def stored(self, keep: KeepsArrays) -> SortedRun:
        """The run with its rows where `keep` puts them, if they are many."""
        if len(self) < _STORED:
            return self
        rows = keep(self.rows)
        return self if rows is self.rows else replace(self, rows=rows)

    def is_sound(self, limits: Mapping[str, int]) -> bool:
        """Whether the arrays fit together and each field of a row is below its limit."""
        starts = self.starts.astype(np.int64)
        return (
            self.rows.dtype == ROW
            and len(starts) == len(self.keys) + 1 > 1
            and int(starts[0]) == 0
            and int(starts[-1]) == len(self.rows)
            and bool((np.diff(starts) > 0).all())
            and bool((np.diff(self.keys) > 0).all())
            and all(int(self.rows[field].max()) < limit for field, limit in limits.items())
        )

    def snapshot(self) -> Mapping[str, npt.NDArray[Any]]:
        """Its arrays by name; nothing is copied."""
        return {"keys": self.keys, "starts": self.starts, "rows": self.rows}


@kernel
def _lay_out(keys: Longs, sizes: UInts, found: Longs, starts: UInts, targets: Longs) -> int:
    """Write where stretches of rows, each of one key, begin when sorted by key; return the number of keys.

    Stretches of one key keep their order.
    """
    count, filled = 0, 0
    for stretch in ascending(keys):
        if count == 0 or found[count - 1] != keys[stretch]:
            found[count], starts[count] = keys[stretch], filled
            count += 1
        targets[stretch] = filled
        filled += sizes[stretch]
    starts[count] = filled
    return count


@kernel
def _move(rows: Rows, starts: UInts, targets: Longs, out: Rows) -> None:
    """Copy stretches of rows to their targets."""
    for stretch in range(len(targets)):
        target = targets[stretch]
        for row in range(starts[stretch], starts[stretch + 1]):
            out[target] = rows[row]
            target += 1


def joined(parts: Sequence[Rows]) -> Rows:
    """All rows one after the other, joined as bytes: numpy is twenty times slower with a structured type."""
    return np.concatenate([part.view(np.uint8) for part in parts]).view(ROW)


def taken(rows: Rows, order: npt.NDArray[np.int64]) -> Rows:
    """As `rows[order]`; numpy is four times slower with rows of 34 bytes."""
    out = np.empty(len(order), ROW)
    _take(rows, order, out)
    return out


@kernel
def _take(rows: Rows, order: Longs, out: Rows) -> None:
    for place in range(len(order)):
        out[place] = rows[order[place]]


def tidied(runs: list[SortedRun]) -> list[SortedRun]:
    """The runs, oldest first, after merging the youngest while enough of like size stand at the end."""
    while len(runs) >= _FANOUT:
        young = runs[-_FANOUT:]
        if len(young[0]) > _FANOUT * max(map(len, young[1:])) or sum(map(len, young)) > _LARGEST:
            break
        runs = [*runs[:-_FANOUT], SortedRun.merged(young)]
    return runs
