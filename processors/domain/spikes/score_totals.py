"""Scores of an office by the team or step that they were given to, summed over stretches of panes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from processors.domain.spikes.shared_tuples import SharedTuples

Scores = tuple[tuple[str, int], ...]

_SCORES = SharedTuples[Scores]()
"""Most panes hold one sheet, and most sheets rate the same targets."""


class ScoreTotals:
    """The scores of consecutive panes, addressed by their places.

    Sums come from flat columns, one row for each pane and name, which are rebuilt from the first changed pane on when a
    sum is asked for.
    """

    def __init__(self) -> None:
        self._panes: list[Scores] = []
        self._names: dict[str, int] = {}
        self._rows = np.zeros((0, 2), np.int64)  # number of the name, scores
        self._begins: npt.NDArray[np.int64] = np.zeros(1, np.int64)  # first row of each pane, and the end
        self._flat = 0  # panes that the columns cover

    def put(self, place: int, scores: Mapping[str, int], *, replaces: bool) -> None:
        """Insert the scores of a pane at a place, or replace those that are there."""
        held = _SCORES.shared(tuple(scores.items()))
        if replaces:
            self._panes[place] = held
        else:
            self._panes.insert(place, held)
        self._flat = min(self._flat, place)

    def remove(self, place: int) -> None:
        """Remove a pane."""
        del self._panes[place]
        self._flat = min(self._flat, place)

    def between(self, low: int, high: int) -> Mapping[str, int]:
        """Sums of the panes from place `low` up to but without `high`, of each name that occurs."""
        self._flatten()
        rows = self._rows[self._begins[low] : self._begins[high]]
        sums = np.bincount(rows[:, 0], rows[:, 1], len(self._names)).astype(np.int64).tolist()
        seen = np.bincount(rows[:, 0], minlength=len(self._names)).tolist()
        return {name: sums[number] for name, number in self._names.items() if seen[number]}

    def of(self, name: str, low: int, high: int) -> Iterator[tuple[int, int]]:
        """(Place, scores) of the panes in which a name occurs."""
        for place in range(low, high):
            for one, number in self._panes[place]:
                if one == name:
                    yield place, number

    def _flatten(self) -> None:
        if self._flat == len(self._panes) and len(self._begins) == len(self._panes) + 1:
            return
        tail, kept = self._panes[self._flat :], int(self._begins[self._flat])
        rows = [(self._names.setdefault(name, len(self._names)), number) for pane in tail for name, number in pane]
        widths = np.fromiter(map(len, tail), np.int64, len(tail))
        self._rows = np.vstack([self._rows[:kept], np.array(rows, np.int64).reshape(-1, 2)])
        self._begins = np.concatenate([self._begins[: self._flat + 1], kept + np.cumsum(widths)])
        self._flat = len(self._panes)
