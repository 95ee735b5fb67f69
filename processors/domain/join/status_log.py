"""The view over `declaration-status`: every status that the log holds, compact, and cheap to add to.

Only about 3 % of declarations are ever rated, so nearly all statuses are written and never read again. They are
therefore kept as a log-structured table of plain numpy rows: a batch becomes a sorted run, runs of like size are
merged, and a declaration's history is put together by binary search in the few runs only when somebody asks for it.
Only what a fact needs is kept: 34 bytes a status and 12 a declaration, some 290 in all, and no Python object per event.
Large runs lie on disk where the worker has a directory: then a long history costs disk, and 12 bytes a declaration.

Time forgets nothing here. A run is dropped when Kafka has deleted its records, see `forget`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from processors.domain.join.histories import Histories, gathered
from processors.domain.join.sorted_runs import ROW, Keys, Rows, SortedRun, tidied
from processors.domain.snapshot_arrays import (
    KeepsArrays,
    StateSnapshot,
    UnsoundSnapshot,
    from_json_array,
    to_json_array,
)
from schemas.batches.batch import Batch
from schemas.vectorized.status_reader import STATUSES, CodedStatuses, status_dictionary

LAYOUT = f"{ROW.descr} {STATUSES} FNV-1a"
"""Identifies the meaning of a row in a snapshot: its layout, the numbers of statuses, the hash of event ids."""

_WIDTH = {"tax_code": 32, "office": 32, "team": 16, "kind": 16, "channel": 8}


class StatusLog:
    """All known statuses of one partition, by declaration key (the 11 digits as a number)."""

    def __init__(self) -> None:
        self._runs: list[SortedRun] = []
        self._keep: KeepsArrays = _in_memory
        self._end = 0
        self.deleted_until = 0
        """Statuses with Kafka timestamps up to this one may have been deleted from the log; 0 if none was."""
        self.tables = {name: status_dictionary(name) for name in _WIDTH}
        """The dictionaries that number the texts of statuses, by field."""

    def __len__(self) -> int:
        """Rows held, repeated ones included."""
        return sum(len(run) for run in self._runs)

    def keep_rows_with(self, keep: KeepsArrays) -> None:
        """Hand the rows of large runs to `keep`, now and from now on."""
        self._keep = keep
        self._runs = [run.stored(keep) for run in self._runs]

    def note_read(self, batch: Batch) -> None:
        """Note which offsets a batch covers, whatever its records are worth.

        A log that begins above offset 0 has lost its oldest records.
        """
        if self._end == 0 < batch.first and len(batch):
            self.deleted_until = max(self.deleted_until, batch.timestamps[0])
        self._end = max(self._end, batch.end)

    def add_statuses(self, statuses: CodedStatuses) -> SortedRun:
        """Add statuses (at least one) whose texts `tables` numbered; return them as a run.

        They belong to the batch that `note_read` was told of last.
        """
        rows = np.empty(len(statuses), ROW)
        rows["occurred_at"] = statuses.occurred_at
        rows["event"] = statuses.events
        rows["crc"] = statuses.checksums
        rows["status"] = statuses.statuses
        for name, width in _WIDTH.items():
            if len(self.tables[name]) >> width:
                raise OverflowError(f"more than {1 << width} distinct values of {name}")
            rows[name] = statuses.codes[name]
        run = SortedRun.of(statuses.keys, rows, self._end, int(statuses.timestamps.max()))
        *older, youngest = tidied([*self._runs, run])
        self._runs = [*older, youngest.stored(self._keep)]
        return run

    def forget(self, log_start: int, needed: Keys) -> None:
        """Forget statuses that Kafka has deleted, except those of some declarations.

        A run goes as a whole, when all its records are deleted.

        Args:
            log_start: First offset that the log holds.
            needed: Declarations whose statuses stay.
        """
        deleted = [run for run in self._runs if run.end <= log_start]
        if deleted:
            self.deleted_until = max(self.deleted_until, *(run.newest for run in deleted))
            held = (run.only(np.isin(run.keys, needed)) for run in deleted)
            kept = [run for run in held if run is not None]
            left = self._runs[len(deleted) :]
            self._runs = [SortedRun.merged(kept).stored(self._keep), *left] if kept else left

    def snapshot(self) -> StateSnapshot:
        """The log as arrays. Runs are never changed once they are made, so nothing is copied."""
        codes = to_json_array({name: table.texts[1:] for name, table in self.tables.items()})
        log = to_json_array([self._end, self.deleted_until, [(run.end, run.newest) for run in self._runs]])
        runs = (
            (f"run{number}.{name}", array)
            for number, run in enumerate(self._runs)
            for name, array in run.snapshot().items()
        )
        return {"codes": codes, "log": log, **dict(runs)}

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
        made._end, made.deleted_until, spans = from_json_array(snapshot["log"])
        made._runs = [
            SortedRun(
                snapshot[f"run{number}.keys"],
                snapshot[f"run{number}.starts"],
                snapshot[f"run{number}.rows"],
                end,
                newest,
            )
            for number, (end, newest) in enumerate(spans)
        ]
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


def _in_memory(rows: Rows) -> Rows:
    return rows
