"""Histories of some declarations, as arrays: every distinct status, in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from processors.domain.status_runs import ROW, Keys, Rows, Run
from schemas.kernels.compiled import Bools, kernel


@dataclass(frozen=True, slots=True)
class Histories:
    """Statuses by declaration.

    Attributes:
        keys: The declarations of which anything is known, ascending.
        starts: Place of the first status of each, and after the last the number of statuses.
        rows: The statuses (`processors.domain.status_runs.ROW`), those of a declaration in order of time, and at one
            instant in the order of a declaration's life.
        by_event: Places of the statuses of each declaration, those of one event together.
    """

    keys: Keys
    starts: npt.NDArray[np.int64]
    rows: Rows
    by_event: npt.NDArray[np.int64]

    def places(self, keys: Keys) -> npt.NDArray[np.int64]:
        """Where in `keys` each of these is; -1 for a declaration of which nothing is known."""
        if not len(self.keys):
            return np.full(len(keys), -1)
        found = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[found] == keys, found, -1)


def gathered(runs: Sequence[Run], wanted: Keys) -> Histories:
    """The histories of declarations, from all runs.

    Args:
        runs: Where statuses are.
        wanted: Keys, ascending, each once.
    """
    found = [run.find(wanted) for run in runs]
    owners = np.concatenate([np.empty(0, np.int64), *(owner for owner, _rows in found)])
    rows = np.concatenate([np.empty(0, ROW), *(rows for _owner, rows in found)])
    order = np.lexsort((rows["event"], rows["crc"], rows["status"], rows["occurred_at"], owners))
    owners, rows = owners[order], rows[order]
    fresh = np.ones(len(rows), np.bool_)
    _mark_fresh(owners, rows, fresh)
    owners, rows = owners[fresh], rows[fresh]
    firsts = np.flatnonzero(np.diff(owners, prepend=-1))
    by_event = np.lexsort((rows["event"], owners))
    return Histories(wanted[owners[firsts]], np.append(firsts, len(rows)), rows, by_event)


@kernel
def _mark_fresh(owners: npt.NDArray[np.int64], rows: Rows, fresh: Bools) -> None:
    """Mark each row that is not the one before it again; what came twice stands side by side."""
    for place in range(1, len(rows)):
        one, other = rows[place - 1], rows[place]
        fresh[place] = (
            owners[place - 1] != owners[place]
            or one["occurred_at"] != other["occurred_at"]
            or one["event"] != other["event"]
            or one["crc"] != other["crc"]
            or one["status"] != other["status"]
            or one["office"] != other["office"]
            or one["tax_code"] != other["tax_code"]
            or one["team"] != other["team"]
            or one["kind"] != other["kind"]
            or one["channel"] != other["channel"]
        )
