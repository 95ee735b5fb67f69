"""Rated items by number: most come again and again, so what a fact takes from its item is looked up in columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from processors.domain.join.facts import Directory
from schemas import ids
from schemas.catalogue import latest, parsed
from schemas.records import RatingItem, Target
from schemas.topics import Topic
from schemas.vectorized.field_plan import enum_symbols
from schemas.vectorized.kernels.rows import ABSENT
from schemas.vectorized.string_dictionary import StringInterner, ensure_capacity

_TARGETS = enum_symbols(parsed(latest(Topic.RATED_SERVICE.subject).schema_id), "target")
_FIELDS = ("target", "office", "target_id", "score", "reason", "name")
_NAME = len(_FIELDS) - 1
_SCORE = _FIELDS.index("score")
_MOST_OBJECTS = 1 << 17
"""Items that are known by where they lie in memory, and kept there; beyond that they are looked up by what they say."""

Column = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Known:
    """All items, by number; and room for more.

    Attributes:
        values: Of each field, and of the item's part in the name of a fact; texts are numbers of kept texts.
        periods: From when to when there was such an office or team; filled up with empty periods.
        keys: Key of the fact.
    """

    values: npt.NDArray[np.int64]
    periods: npt.NDArray[np.int64]
    keys: list[bytes]


@dataclass(frozen=True, slots=True)
class ChosenItems:
    """The items of some facts: as `_Known`, by fact."""

    values: npt.NDArray[np.int64]
    periods: npt.NDArray[np.int64]
    keys: list[bytes]

    @property
    def score(self) -> Column:
        """Their scores."""
        return self.values[:, _SCORE]

    @property
    def names(self) -> Column:
        """For each the kept text that is its part in the name of a fact; contiguous, as kernels were compiled for."""
        return np.ascontiguousarray(self.values[:, _NAME])

    def columns(self, at: Column) -> dict[str, Column]:
        """Columns of the facts, at one time each (epoch milliseconds)."""
        begins, ends = np.moveaxis(self.periods, 2, 0)
        when = at[:, np.newaxis]
        known = ((begins <= when) & (when < ends)).any(axis=1)
        return {**dict(zip(_FIELDS[:_NAME], self.values.T, strict=False)), "target_known": known}


class RatedItems:
    """Numbers items.

    Args:
        texts: Where texts are kept.
        directory: Which offices and teams exist.
    """

    def __init__(self, texts: StringInterner, directory: Directory) -> None:
        self._texts = texts
        self._directory = directory
        self._numbers: dict[RatingItem, int] = {}
        self._objects: dict[int, int] = {}
        self._held: list[RatingItem] = []
        self._new: list[RatingItem] = []
        self._known = _Known(np.zeros((0, len(_FIELDS)), np.int64), np.zeros((0, 1, 2), np.int64), [])

    def __len__(self) -> int:
        """How many items are known, or objects that say the same."""
        return max(len(self._numbers), len(self._held))

    def chosen(self, items: Sequence[RatingItem]) -> ChosenItems:
        """Items by number; new ones are learned."""
        # Sheets share their items, and to ask where one lies costs a tenth of asking what it says.
        found: list[Any] = list(map(self._objects.get, map(id, items)))
        if None in found:
            found = [
                self._number(item) if number is None else number for item, number in zip(items, found, strict=True)
            ]
        if self._new:
            self._enter()
        known = self._known
        return ChosenItems(known.values[found], known.periods[found], [known.keys[number] for number in found])

    def _number(self, item: RatingItem) -> int:
        number = self._numbers.get(item)
        if number is None:
            number = self._numbers[item] = len(self._numbers)
            self._new.append(item)
        if id(item) not in self._objects and len(self._held) < _MOST_OBJECTS:
            self._held.append(item)  # else another item could come to lie there
            self._objects[id(item)] = number
        return number

    def _enter(self) -> None:
        """Put new items behind those that are known."""
        known, new, count = self._known, self._new, len(self._numbers)
        first = count - len(new)
        found = [self._periods(item) for item in new]
        values, periods = ensure_capacity(known.values, count), ensure_capacity(known.periods, count)
        values[first:count] = list(map(self._values, new))
        if (most := max(map(len, found))) > periods.shape[1]:
            periods = np.concatenate((periods, np.zeros((len(periods), most - periods.shape[1], 2), np.int64)), axis=1)
        for number, one in enumerate(found, first):
            periods[number, : len(one)] = np.array(one, np.int64).reshape(-1, 2)
        known.keys.extend(item.office.encode() for item in new)
        self._known = _Known(values, periods, known.keys)
        self._new = []

    def _values(self, item: RatingItem) -> tuple[int, ...]:
        number = self._texts.intern
        reason = int(ABSENT) if item.reason is None else number(item.reason)
        name = number(ids.fact_id_rest(item.target, item.office, item.target_id))
        return _TARGETS.index(item.target), number(item.office), number(item.target_id), item.score, reason, name

    def _periods(self, item: RatingItem) -> Sequence[tuple[int, int]]:
        return self._directory.periods(item.office, item.target_id if item.target == Target.TEAM else None)
