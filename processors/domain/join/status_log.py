"""The view over `declaration-status`: every known status of every live declaration, compact, and cheap to add to.

Only about 3 % of declarations are ever rated, so nearly all statuses are written and never read again. They are
therefore kept as a log-structured table of plain numpy rows: a batch becomes a sorted run, runs of like size are
merged, and a declaration's history is put together by binary search in the few runs only when somebody asks for it.
Only what a fact needs is kept: 34 bytes a status and 12 a declaration, some 290 in all, and no Python object per event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from processors.domain.join.histories import Histories, gathered
from processors.domain.join.sorted_runs import ROW, SortedRun, tidied, unexpired
from processors.domain.snapshot_arrays import StateSnapshot, UnsoundSnapshot, from_json_array, to_json_array
from schemas.vectorized.status_reader import STATUSES, CodedStatuses, status_dictionary

LAYOUT = f"{ROW.descr} {STATUSES} FNV-1a"
"""Identifies the meaning of a row in a snapshot: its layout, the numbers of statuses, the hash of event ids."""

_WIDTH = {"tax_code": 32, "office": 32, "team": 16, "kind": 16, "channel": 8}


class StatusLog:
    """All known statuses of one partition, by declaration key (the 11 digits as a number)."""

    def __init__(self) -> None:
        self._runs: list[SortedRun] = []
        self.tables = {name: status_dictionary(name) for name in _WIDTH}
        """The dictionaries that number the texts of statuses, by field."""

    def __len__(self) -> int:
        """Rows held, repeated ones included."""
        return sum(len(run) for run in self._runs)

    def add_statuses(self, statuses: CodedStatuses) -> SortedRun:
        """Add statuses (at least one) whose texts `tables` numbered; return them as a run."""
        rows = np.empty(len(statuses), ROW)
        rows["occurred_at"] = statuses.occurred_at
        rows["event"] = statuses.events
        rows["crc"] = statuses.checksums
        rows["status"] = statuses.statuses
        for name, width in _WIDTH.items():
            if len(self.tables[name]) >> width:
                raise OverflowError(f"more than {1 << width} distinct values of {name}")
            rows[name] = statuses.codes[name]
        run = SortedRun.of(statuses.keys, rows)
        self._runs = tidied([*self._runs, run])
        return run

    def expire(self, before: int) -> None:
        """Forget declarations whose newest status is older than `before` (epoch milliseconds)."""
        self._runs = unexpired(self._runs, before)

    def snapshot(self) -> StateSnapshot:
        """The log as arrays. Runs are never changed once they are made, so nothing is copied."""
        codes = to_json_array({name: table.texts[1:] for name, table in self.tables.items()})
        runs = (
            (f"run{number}.{name}", array)
            for number, run in enumerate(self._runs)
            for name, array in run.snapshot().items()
        )
        return {"codes": codes, **dict(runs)}

    @classmethod
    def of(cls, snapshot: StateSnapshot) -> StatusLog:
        """The log of a snapshot with the same `LAYOUT`.

        Raises:
            UnsoundSnapshot: No log can have written it.
        """
        made = cls()
        made.tables = {
            name: status_dictionary(name, texts) for name, texts in from_json_array(snapshot["codes"]).items()
        }
        names = SortedRun.__slots__
        count = (len(snapshot) - 1) // len(names)
        made._runs = [SortedRun(*(snapshot[f"run{number}.{name}"] for name in names)) for number in range(count)]
        limits = {"status": len(STATUSES), **{name: len(table.texts) for name, table in made.tables.items()}}
        if made.tables.keys() != _WIDTH.keys() or not all(run.is_sound(limits) for run in made._runs):
            raise UnsoundSnapshot("status log")
        return made

    def histories(self, keys: Sequence[int]) -> Histories:
        """All that is known of the given declarations; unknown ones are left out."""
        return gathered(self._runs, np.unique(np.array(keys, np.int64)))

    def texts(self) -> Mapping[str, Sequence[str | None]]:
        """The text behind each code, by field."""
        return {name: table.texts for name, table in self.tables.items()}
