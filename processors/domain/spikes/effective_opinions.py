"""Opinions that count in tests: of one enterprise at one office at most so many a week, in praise and in blame alike.

What an enterprise says again within days says little that is new. Without a limit two friendly ones that rate all day
would hide a rise, and one that is angry every day would be a rise by itself. Why two a week, and what else was tried:
docs/adr/0047-effective-opinions.md.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence

from processors.domain.panes import HOUR_MS, PANE_MS
from processors.domain.spikes.policy import DAY_MS
from processors.domain.spikes.running_sums import extend_sums
from processors.domain.spikes.shared_tuples import SharedTuples
from schemas.records.facts import OfficeCount

Codes = tuple[str | None, ...]
"""Distinct tax codes; None for an opinion whose enterprise no record names: it counts by itself."""

_WEEK_MS = 7 * DAY_MS
_MONDAY_MS = 4 * DAY_MS - 7 * HOUR_MS
"""First Monday after 1 January 1970, 00:00 in Viet Nam."""
_CODES = SharedTuples[Codes]()
"""Most panes hold one opinion, and enterprises rate again."""


class EffectiveOpinions:
    """The effective opinions of consecutive panes of one office, addressed by their places.

    An enterprise counts in the first `most` panes of a calendar week in which it was satisfied, and in the first `most`
    in which it was dissatisfied; in each pane once. Weeks are fixed, so a late opinion changes nothing outside its own.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._satisfied: list[Codes] = []
        self._dissatisfied: list[Codes] = []
        self._counting = array("q")
        self._low = array("q")
        self._sums = array("q", (0,))
        self._low_sums = array("q", (0,))
        self._changed: set[int] = set()  # weeks to be counted again
        self._summed = 0  # panes that the running sums cover

    def put(self, place: int, count: OfficeCount, *, replaces: bool) -> None:
        """Insert a pane at a place, or replace the one that is there."""
        if replaces:
            self.remove(place, count.pane_start + PANE_MS)
        satisfied: Codes = count.satisfied_enterprises
        if not satisfied:  # all are dissatisfied, or a build wrote this that did not name them
            satisfied = (None,) * max(0, count.opinions - count.dissatisfied)
        self._satisfied.insert(place, _CODES.shared(satisfied))
        self._dissatisfied.insert(place, _CODES.shared(count.enterprises if count.dissatisfied > 0 else ()))
        self._counting.insert(place, 0)
        self._low.insert(place, 0)
        self._note(place, count.pane_start + PANE_MS)

    def remove(self, place: int, end: int) -> None:
        """Remove the pane at a place, which ends at this instant."""
        for column in (self._satisfied, self._dissatisfied, self._counting, self._low):
            del column[place]
        self._note(place, end)

    def _note(self, place: int, end: int) -> None:
        self._changed.add(_week(end))
        self._summed = min(self._summed, place)

    def between(self, low: int, high: int, ends: Sequence[int]) -> tuple[int, int]:
        """Effective opinions, and the dissatisfied ones of them, from place `low` up to but without `high`.

        Args:
            low: First place.
            high: The place after the last one.
            ends: Ends of all panes.
        """
        if self._summed < len(ends) or len(self._sums) != len(ends) + 1:
            self._count_again(ends)
        return self._sums[high] - self._sums[low], self._low_sums[high] - self._low_sums[low]

    def _count_again(self, ends: Sequence[int]) -> None:
        first = self._summed
        for week in self._changed:
            low, high = _places(week, ends)
            first = min(first, low)
            praised: Counter[str | None] = Counter()
            blamed: Counter[str | None] = Counter()
            for place in range(low, high):
                dissatisfied = self._low[place] = self._new(self._dissatisfied[place], blamed)
                self._counting[place] = dissatisfied + self._new(self._satisfied[place], praised)
        extend_sums(self._sums, first, self._counting[first:])
        extend_sums(self._low_sums, first, self._low[first:])
        self._changed, self._summed = set(), len(ends)

    def _new(self, codes: Codes, counted: Counter[str | None]) -> int:
        """How many of the enterprises of a pane still count, which are counted by that."""
        number = 0
        for code in codes:
            if counted[code] < self._most:
                number += 1
                if code is not None:
                    counted[code] += 1
        return number


def _week(end: int) -> int:
    return (end - PANE_MS - _MONDAY_MS) // _WEEK_MS


def _places(week: int, ends: Sequence[int]) -> tuple[int, int]:
    begin = _MONDAY_MS + week * _WEEK_MS
    return bisect_right(ends, begin), bisect_right(ends, begin + _WEEK_MS)
