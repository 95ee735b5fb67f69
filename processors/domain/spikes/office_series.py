"""The counts of one office in order of time, with the sums that the tests ask for.

A history of years stays in memory, so counts are held in arrays: some 100 bytes for a pane without a dissatisfied
opinion. Only the few panes with one are objects.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from processors.domain.panes import PANE_MS
from processors.domain.spikes.effective_opinions import EffectiveOpinions
from processors.domain.spikes.policy import DAY_MS
from processors.domain.spikes.running_sums import extend_sums
from processors.domain.spikes.score_totals import ScoreTotals
from schemas.records.facts import OfficeCount

Span = tuple[int, int]
"""(after, until], over the ends of panes."""


@dataclass(frozen=True, slots=True)
class LowPane:
    """A pane with dissatisfied opinions.

    Attributes:
        end: Its end.
        opinions: All opinions.
        dissatisfied: The dissatisfied ones.
        enterprises: Distinct enterprises behind them.
        drivers: Low scores by what they were given to.
        scores: Scores, low or not, by the team or step that they were given to.
        complaint_ids: Complaints that they opened.
    """

    end: int
    opinions: int
    dissatisfied: int
    enterprises: tuple[str, ...]
    drivers: Mapping[str, int]
    scores: Mapping[str, int]
    complaint_ids: tuple[str, ...]

    @property
    def pane_start(self) -> int:
        """Its start."""
        return self.end - PANE_MS


_YEAR_10000_MS = 253_402_300_800_000
"""No calendar goes further. Kafka may hold any number; a pane beyond counts as one without opinions."""
_LOW_FIELDS = ("opinions", "dissatisfied", "enterprises", "drivers", "scores", "complaint_ids")


class OfficeSeries:
    """Counts of one office by pane; intervals are (after, until] over the ends of panes.

    A pane without opinions is remembered by its version alone. Whether there is one depends on the order in which
    revisions of a sheet arrived, so no result may depend on it.
    """

    def __init__(self, enterprise_most: int) -> None:
        """Begin without panes.

        Args:
            enterprise_most: See `SpikePolicy`.
        """
        self._empty: dict[int, int] = {}  # versions of panes that hold no opinion, or that are left out, by their end
        self._ends = array("q")
        self._versions = array("q")
        self._opinions = array("q")
        self._sums = array("q", (0,))  # of the opinions before each pane
        self._summed = 0  # panes that the running sums cover
        self._low_ends = array("q")
        self._low: list[LowPane] = []
        self._low_sums = array("q", (0,))
        self._low_summed = 0
        self._scores = ScoreTotals()
        self._effective = EffectiveOpinions(enterprise_most)

    def add(self, count: OfficeCount, *, left_out: bool = False) -> tuple[int, bool]:
        """Add a count; one that is left out, because of an outage, or has no possible time, holds no opinions.

        Returns:
            By how much the version of its pane grew (0: nothing new), and whether a test may see a difference.
        """
        end = count.pane_start + PANE_MS
        place = bisect_left(self._ends, end)
        held = place < len(self._ends) and self._ends[place] == end
        known = self._versions[place] if held else self._empty.get(end, 0)
        if count.version <= known:
            return 0, False
        if left_out or count.opinions <= 0 or not 0 < end < _YEAR_10000_MS:
            self._empty[end] = count.version
            if held:
                self._remove(place)
            return count.version - known, held
        self._empty.pop(end, None)
        if held:
            self._versions[place], self._opinions[place] = count.version, count.opinions
        else:
            self._ends.insert(place, end)
            self._versions.insert(place, count.version)
            self._opinions.insert(place, count.opinions)
        self._summed = min(self._summed, place)
        self._scores.put(place, count.scores, replaces=held)
        self._effective.put(place, count, replaces=held)
        self._put_low(end, count)
        return count.version - known, True

    def _remove(self, place: int) -> None:
        end = self._ends[place]
        for column in (self._ends, self._versions, self._opinions):
            del column[place]
        self._summed = min(self._summed, place)
        self._scores.remove(place)
        self._effective.remove(place, end)
        self._put_low(end, None)

    def _put_low(self, end: int, count: OfficeCount | None) -> None:
        """Keep what is dissatisfied in a pane in place of what was known."""
        place = bisect_left(self._low_ends, end)
        if place < len(self._low_ends) and self._low_ends[place] == end:
            del self._low_ends[place], self._low[place]
            self._low_summed = min(self._low_summed, place)
        if count is not None and count.dissatisfied > 0:
            pane = LowPane(end, *(getattr(count, name) for name in _LOW_FIELDS))
            self._low_ends.insert(place, end)
            self._low.insert(place, pane)
            self._low_summed = min(self._low_summed, place)

    @property
    def first_start(self) -> int | None:
        """Start of the earliest pane with opinions; None if there is none."""
        return self._ends[0] - PANE_MS if self._ends else None

    @property
    def last_end(self) -> int | None:
        """End of the latest pane with opinions; None if there is none."""
        return self._ends[-1] if self._ends else None

    def last_end_by(self, until: int) -> int | None:
        """End of the last pane with opinions by an instant; None if there is none."""
        place = bisect_right(self._ends, until)
        return self._ends[place - 1] if place else None

    def began(self, until: int) -> bool:
        """Whether there was any opinion by an instant."""
        return bool(self._ends) and self._ends[0] <= until

    def next_end(self, after: int) -> int | None:
        """End of the next pane with opinions after an instant; None if there is none."""
        place = bisect_right(self._ends, after)
        return self._ends[place] if place < len(self._ends) else None

    def ends(self, after: int, until: int) -> Sequence[int]:
        """Ends of the panes with opinions in an interval."""
        return self._ends[bisect_right(self._ends, after) : bisect_right(self._ends, until)]

    def days(self, after: int) -> Sequence[int]:
        """First instants of the days in which a pane with opinions ends after an instant."""
        place = bisect_right(self._ends, after)
        if place == len(self._ends):
            return ()
        ends = np.frombuffer(self._ends, np.int64)[place:]
        found: list[int] = np.unique(ends - ends % DAY_MS).tolist()
        return found

    def totals(self, after: int, until: int) -> tuple[int, int]:
        """Opinions and dissatisfied ones in an interval."""
        self._sum_up()
        ends, low_ends, sums, low_sums = self._ends, self._low_ends, self._sums, self._low_sums
        opinions = sums[bisect_right(ends, until)] - sums[bisect_right(ends, after)]
        return opinions, low_sums[bisect_right(low_ends, until)] - low_sums[bisect_right(low_ends, after)]

    def effective(self, after: int, until: int) -> tuple[int, int]:
        """Effective opinions, and dissatisfied ones, in an interval: each enterprise counts a few times a week."""
        low, high = bisect_right(self._ends, after), bisect_right(self._ends, until)
        return self._effective.between(low, high, self._ends)

    def _sum_up(self) -> None:
        """Bring the running sums up to date, from the first pane that changed."""
        if self._summed < len(self._ends) or len(self._sums) != len(self._ends) + 1:
            extend_sums(self._sums, self._summed, self._opinions[self._summed :])
            self._summed = len(self._ends)
        if self._low_summed < len(self._low) or len(self._low_sums) != len(self._low) + 1:
            extend_sums(self._low_sums, self._low_summed, [pane.dissatisfied for pane in self._low[self._low_summed :]])
            self._low_summed = len(self._low)

    def dissatisfied(self, after: int, until: int) -> Sequence[LowPane]:
        """Panes in an interval that hold a dissatisfied opinion, in order of time."""
        return self._low[bisect_right(self._low_ends, after) : bisect_right(self._low_ends, until)]

    def next_dissatisfied_end(self, after: int) -> int | None:
        """End of the next pane after an instant that holds a dissatisfied opinion; None if there is none."""
        place = bisect_right(self._low_ends, after)
        return self._low_ends[place] if place < len(self._low_ends) else None

    def scores(self, after: int, until: int) -> Mapping[str, int]:
        """Scores, low or not, in an interval, by the team or step that they were given to."""
        return self._scores.between(bisect_right(self._ends, after), bisect_right(self._ends, until))

    def scores_of(self, name: str, after: int, until: int) -> Sequence[tuple[int, int]]:
        """(End of the pane, scores) of one team or step in an interval, in order of time."""
        low, high = bisect_right(self._ends, after), bisect_right(self._ends, until)
        return [(self._ends[place], number) for place, number in self._scores.of(name, low, high)]
