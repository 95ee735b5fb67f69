"""Rated items by number: most items repeat, so the fields that a fact takes from its item are looked up in columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from processors.domain.join.facts import Directory
from schemas import ids
from schemas.catalogue import latest, parsed
from schemas.records.events import RatingItem, Target
from schemas.topics import Topic
from schemas.vectorized.field_plan import enum_symbols
from schemas.vectorized.kernels.rows import ABSENT
from schemas.vectorized.string_dictionary import StringInterner, ensure_capacity

_TARGETS = enum_symbols(parsed(latest(Topic.RATED_SERVICE.subject).schema_id), "target")
_FIELDS = ("target", "office", "target_id", "score", "reason", "name")
_NAME = len(_FIELDS) - 1
_SCORE = _FIELDS.index("score")
_MOST_OBJECTS = 1 << 17
"""Items that are looked up by their place in memory, and therefore kept; further items are looked up by content."""

Column = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Known:
    """All known items by number, with room for more.

    Attributes:
        values: By field, and last the item's part of a fact's name; texts are numbers of kept texts.
        periods: When such an office or team existed (begin, end); padded with empty periods.
        keys: Key of the fact.
    """

    values: npt.NDArray[np.int64]
    periods: npt.NDArray[np.int64]
    keys: list[bytes]


@dataclass(frozen=True, slots=True)
class ChosenItems:
    """The items of facts, one for each fact; fields as in `_Known`."""

    values: npt.NDArray[np.int64]
    periods: npt.NDArray[np.int64]
    keys: list[bytes]

    @property
    def score(self) -> Column:
        """Their scores."""
        return self.values[:, _SCORE]

    @property
    def names(self) -> Column:
        """For each item its part of a fact's name, a kept text; contiguous, as the kernel is compiled for it."""
        return np.ascontiguousarray(self.values[:, _NAME])

    def columns(self, at: Column) -> dict[str, Column]:
        """Columns of the facts, at one time each (epoch milliseconds)."""
        begins, ends = np.moveaxis(self.periods, 2, 0)
        when = at[:, np.newaxis]
        known = ((begins <= when) & (when < ends)).any(axis=1)
        return {**dict(zip(_FIELDS[:_NAME], self.values.T, strict=False)), "target_known": known}


class RatedItems:
    """Gives each distinct item a number.

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
        """How many items, or objects with their content, are held."""
        return max(len(self._numbers), len(self._held))

    def chosen(self, items: Sequence[RatingItem]) -> ChosenItems:
        """The columns of items; new items get a number."""
        # Sheets share their item objects: a lookup by id() costs a tenth of a lookup by content.
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
            self._held.append(item)  # else its memory, and so its id(), could pass to another item
            self._objects[id(item)] = number
        return number

    def _enter(self) -> None:
        """Append the new items to the columns."""
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
        name = number(ids.fact_id_suffix(item.target, item.office, item.target_id))
        return _TARGETS.index(item.target), number(item.office), number(item.target_id), item.score, reason, name

    def _periods(self, item: RatingItem) -> Sequence[tuple[int, int]]:
        return self._directory.periods(item.office, item.target_id if item.target == Target.TEAM else None)
