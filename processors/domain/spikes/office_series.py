"""The counts of one office in order of time, with the sums that the tests ask for."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from processors.domain.panes import PANE_MS
from schemas.records.facts import OfficeCount


class OfficeSeries:
    """Counts of one office by pane; intervals are (after, until] over the ends of panes."""

    def __init__(self) -> None:
        self._counts: dict[int, OfficeCount] = {}
        self._starts: list[int] = []
        self._sums: npt.NDArray[np.int64] = np.zeros((1, 2), np.int64)
        self._covered = 0  # panes that the running sums cover
        self._first: int | None = None  # end of the earliest pane ever known, also after that was forgotten

    def add(self, count: OfficeCount) -> int:
        """Remember a count; by how much its version grew (0: nothing new)."""
        known = self._counts.get(count.pane_start)
        if known is not None and known.version >= count.version:
            return 0
        place = bisect_left(self._starts, count.pane_start)
        if known is None:
            self._starts.insert(place, count.pane_start)
            end = count.pane_start + PANE_MS
            self._first = end if self._first is None else min(self._first, end)
        self._counts[count.pane_start] = count
        self._covered = min(self._covered, place)
        return count.version - (known.version if known else 0)

    def expire(self, before: int) -> None:
        """Forget panes that started before an instant."""
        place = bisect_left(self._starts, before)
        for start in self._starts[:place]:
            del self._counts[start]
        self._starts = self._starts[place:]
        self._covered = 0 if place else self._covered

    def _refresh(self) -> None:
        """Bring the running sums up to date, from the first pane that changed."""
        if self._covered == len(self._starts):
            return
        tail = [self._counts[start] for start in self._starts[self._covered :]]
        table = np.array([(count.opinions, count.dissatisfied) for count in tail], np.int64)
        covered = self._sums[: self._covered + 1]
        self._sums = np.vstack([covered, covered[-1] + np.cumsum(table, axis=0)])
        self._covered = len(self._starts)

    @property
    def first_end(self) -> int:
        """End of the earliest pane ever known, also after that was forgotten; an office without one is no office."""
        assert self._first is not None
        return self._first

    def began(self, until: int) -> bool:
        """Whether there was any count by an instant."""
        return self._first is not None and self._first <= until

    def at(self, end: int) -> OfficeCount | None:
        """The count of the pane that ends then."""
        return self._counts.get(end - PANE_MS)

    def ends(self, after: int) -> list[int]:
        """Ends of all panes with counts after an instant."""
        return [start + PANE_MS for start in self._starts[bisect_right(self._starts, after - PANE_MS) :]]

    def _places(self, after: int, until: int) -> tuple[int, int]:
        return bisect_right(self._starts, after - PANE_MS), bisect_right(self._starts, until - PANE_MS)

    def totals(self, after: int, until: int) -> tuple[int, int]:
        """Opinions and dissatisfied ones in an interval."""
        self._refresh()
        low, high = self._places(after, until)
        return int(self._sums[high, 0] - self._sums[low, 0]), int(self._sums[high, 1] - self._sums[low, 1])

    def between(self, after: int, until: int) -> Iterator[OfficeCount]:
        """Counts in an interval, in order of time."""
        low, high = self._places(after, until)
        return (self._counts[start] for start in self._starts[low:high])

    def dissatisfied(self, after: int, until: int) -> Iterator[OfficeCount]:
        """Counts in an interval that hold a dissatisfied opinion, in order of time."""
        return (count for count in self.between(after, until) if count.dissatisfied)
