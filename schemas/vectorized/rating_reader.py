"""Rating sheets, read by kernels: the same records as `schemas.readers.record_reader`, at a fraction of the cost.

The columns are the fields of the newest schema, so a new field reaches the record without a change here. Where a field
has a type that kernels cannot carry, its records are decoded one by one (`schemas.vectorized.field_plan`).

Items repeat: there are few offices, teams and scores. So each distinct item is one object, which sheets share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from schemas.batches.batch import Batch, Reject
from schemas.batches.record_spans import RecordSpans, locate_records
from schemas.catalogue import latest, parsed
from schemas.codec.record import WriterSchemas, pinned_only
from schemas.contacts.envelope import is_sealed
from schemas.keys import KEY_DIGITS
from schemas.records.events import Rating, RatingItem
from schemas.topics import Topic
from schemas.validation import rules
from schemas.validation.arrays import IDENTITY_BYTES, MAX_IDENTITY_BYTES, plausible_times
from schemas.validation.record import rating_problems
from schemas.vectorized.fallback import RecordFallback
from schemas.vectorized.field_plan import SchemaGrouper, enum_symbols, field_plan, item_schema
from schemas.vectorized.kernels.bodies import FieldPlan, ItemColumns, RecordColumns, read_nested, reject_bad_items
from schemas.vectorized.kernels.texts import hashes_of, keys_of
from schemas.vectorized.string_dictionary import StringDictionary

_SCHEMA = parsed(latest(Topic.RATING.subject).schema_id)
_ITEM_SCHEMA = item_schema(_SCHEMA, "items")
_TYPES: Mapping[str, Any] = {field["name"]: field["type"] for field in _SCHEMA["fields"] if field["name"] != "items"}
_ITEM_TYPES: Mapping[str, Any] = {field["name"]: field["type"] for field in _ITEM_SCHEMA["fields"]}
_FIELDS = [field.name for field in fields(Rating)]
_COLUMNS = [name for name in _FIELDS if name != "items"]
_ITEM_COLUMNS = [field.name for field in fields(RatingItem)]
_SHEET, _DECLARATION, _SUBMITTED_AT = map(_COLUMNS.index, ("sheet_id", "declaration_no", "submitted_at"))
_TARGET, _TARGET_ID = map(_ITEM_COLUMNS.index, ("target", "target_id"))
_TARGETS = enum_symbols(_ITEM_SCHEMA, "target")
_LEAST_ITEM_BYTES = len(_ITEM_COLUMNS)

_RANGES = {"revision": (1, rules.MAX_REVISION), "score": (1, 5)}
_INT_RANGE = -(1 << 31), (1 << 31) - 1
_FREE: Mapping[str, Callable[[Any], bool]] = {
    "comment": lambda text: len(text) <= rules.MAX_COMMENT,
    "contact": lambda sealed: len(sealed) <= rules.MAX_CONTACT and is_sealed(sealed),
}
"""Rules of texts that may hold anything."""
_MOST_REMEMBERED = 1 << 16
"""Texts of one field, or items, that are remembered from batch to batch."""


def _check_fields(record: type[Any], names: Sequence[str]) -> None:
    """Fail when a schema and its record class differ: a field would be lost on the way."""
    if {field.name for field in fields(record)} != set(names):
        raise TypeError(f"{record.__name__} must have the fields of the newest schema: {', '.join(names)}")


_check_fields(Rating, [*_TYPES, "items"])
_check_fields(RatingItem, list(_ITEM_TYPES))


class DecodedSheet(NamedTuple):
    """A good sheet.

    Attributes:
        key: The declaration's key, 11 digits, as a number.
        rating: The record.
        checksum: CRC-32 of its body.
        written_at: Its Kafka timestamp, epoch milliseconds.
    """

    key: int
    rating: Rating
    checksum: int
    written_at: int


@dataclass(frozen=True, slots=True)
class DecodedSheets:
    """A batch of rating sheets.

    Attributes:
        accepted: The good ones, in offset order.
        rejects: The records that were refused.
    """

    accepted: Sequence[DecodedSheet]
    rejects: Sequence[Reject]


class _SheetPlans(NamedTuple):
    """How the sheets of one writer are read, and their items."""

    sheet: FieldPlan
    item: FieldPlan


class _KnownItems:
    """Texts that repeat, and items by the numbers of their fields."""

    def __init__(self) -> None:
        self.texts = {
            name: StringDictionary(rule.accepts)
            for name, rule in rules.RATING_TEXTS.items()
            if name not in ("sheet_id", "declaration_no")
        }
        self.item_texts = {
            name: StringDictionary(_accepts(rules.RATING_ITEM_TEXTS.get(name)))
            for name, kind in _ITEM_TYPES.items()
            if _is_text(kind) and name != "target_id"
        }
        # The id of a rated office is its code: one dictionary numbers both, so that they can be compared.
        self.target_ids = [
            self.item_texts["office"] if target == "OFFICE" else StringDictionary(rules.TARGET_IDS[target].accepts)
            for target in _TARGETS
        ]
        self._items: dict[tuple[int, ...], RatingItem] = {}
        self._values = [self._value_of(name) for name in _ITEM_COLUMNS]

    def is_full(self) -> bool:
        dictionaries = (*self.texts.values(), *self.item_texts.values(), *self.target_ids)
        return max(len(self._items), *map(len, dictionaries)) > _MOST_REMEMBERED

    def item(self, numbers: tuple[int, ...]) -> RatingItem:
        """The item with these numbers in its fields, made if it is new."""
        found = self._items.get(numbers)
        if found is None:
            values = [value_of(number) for value_of, number in zip(self._values, numbers, strict=True)]
            values[_TARGET_ID] = self.target_ids[numbers[_TARGET]].texts[numbers[_TARGET_ID]]
            found = self._items[numbers] = RatingItem(*values)
        return found

    def _value_of(self, name: str) -> Callable[[int], Any]:
        """A function from the number of a field to its value; the `target_id` depends on the target as well."""
        kind = _ITEM_TYPES[name]
        if isinstance(kind, dict):
            return kind["symbols"].__getitem__  # type: ignore[no-any-return]  # a list of the schema
        if name not in self.item_texts:
            return int
        texts = self.item_texts[name].texts
        if "bytes" not in kind:
            return texts.__getitem__
        return lambda number: None if (text := texts[number]) is None else text.encode()


class RatingReader:
    """Reads batches of `rating`.

    Args:
        writer_schemas: Where schemas that are not pinned come from.
    """

    def __init__(self, writer_schemas: WriterSchemas = pinned_only) -> None:
        subject = Topic.RATING.subject
        self._grouper = SchemaGrouper(subject, writer_schemas, _sheet_plans)
        self._fallback = RecordFallback(subject, writer_schemas, rating_problems)
        self._known = _KnownItems()

    def read_sheets(self, batch: Batch) -> DecodedSheets:
        """Decode and check a batch; never raises for what a record holds."""
        if self._known.is_full():
            self._known = _KnownItems()
        records = locate_records(batch)
        found = RecordColumns.allocate(len(_COLUMNS), len(records))
        accepted = self._read_by_kernels(records, found)
        if found.fit.all():
            return DecodedSheets(list(accepted.values()), ())
        good, rejects = self._fallback.decode(batch, np.flatnonzero(~found.fit))
        for one in good:
            key = int(one.record["declaration_no"][:KEY_DIGITS])
            written_at = int(records.timestamps[one.index])
            accepted[one.index] = DecodedSheet(key, Rating.from_avro(one.record), one.checksum, written_at)
        return DecodedSheets([sheet for _index, sheet in sorted(accepted.items())], rejects)

    def _read_by_kernels(self, records: RecordSpans, found: RecordColumns) -> dict[int, DecodedSheet]:
        """The sheets that kernels are sure of, by position; marks the others as not fit."""
        items = self._read_bodies(records, found)
        fit, data = found.fit, records.data
        keys, hashes = np.empty(len(records), np.int64), np.empty(len(records), np.uint64)
        keys_of(data, records.spans, found, _DECLARATION, KEY_DIGITS, keys)
        hashes_of(data, found, _SHEET, IDENTITY_BYTES, MAX_IDENTITY_BYTES, hashes)
        fit &= plausible_times(found.values[_SUBMITTED_AT], records.timestamps)
        fit &= _in_range(_COLUMNS, _TYPES, found.values)
        codes = {
            name: known.encode(data, found.values[_COLUMNS.index(name)], found.sizes[_COLUMNS.index(name)], fit)
            for name, known in self._known.texts.items()
        }
        scores = self._items(data, items, fit)
        free = {name: _free_texts(records.raw, found, name) for name in _TYPES if name not in rules.RATING_TEXTS}
        rows = np.flatnonzero(fit)
        spans = zip(*items.spans[rows].T.tolist(), strict=True)
        columns = {name: self._column(name, records.raw, found, codes, free, rows) for name in _COLUMNS}
        columns["items"] = [tuple(scores[first:last]) for first, last in spans]
        ratings = map(Rating, *(columns[name] for name in _FIELDS))
        known = keys[rows].tolist(), ratings, found.checksums[rows].tolist(), records.timestamps[rows].tolist()
        sheets = map(DecodedSheet, *known)
        return dict(zip(rows.tolist(), sheets, strict=True))

    def _read_bodies(self, records: RecordSpans, found: RecordColumns) -> ItemColumns:
        room, used = len(records.data) // _LEAST_ITEM_BYTES, 0
        items = ItemColumns.allocate(len(_ITEM_COLUMNS), room, len(records))
        for (plan, item_plan), rows in self._grouper.groups(records):
            spans, most = records.spans, rules.MAX_ITEMS
            used = int(read_nested(records.data, spans, rows, plan, item_plan, most, used, found, items))
        return items._replace(values=items.values[:, :used], sizes=items.sizes[:, :used])

    def _items(self, data: Any, items: ItemColumns, fit: npt.NDArray[np.bool_]) -> list[RatingItem | None]:
        """The items; None for an item that breaks a rule, whose sheet is then marked as not fit."""
        known, targets = self._known, items.values[_TARGET]
        good = _in_range(_ITEM_COLUMNS, _ITEM_TYPES, items.values)
        numbers = {name: items.values[place] for place, name in enumerate(_ITEM_COLUMNS)}
        for name, texts in known.item_texts.items():
            numbers[name] = texts.encode(data, numbers[name], items.sizes[_ITEM_COLUMNS.index(name)], good)
        ids = np.zeros(len(targets), np.uint32)
        for target, texts in enumerate(known.target_ids):
            others = targets != target
            asked = good & ~others
            ids = np.where(others, ids, texts.encode(data, numbers["target_id"], items.sizes[_TARGET_ID], asked))
            good &= asked | others
        numbers["target_id"] = ids
        good &= (targets != _TARGETS.index("OFFICE")) | (ids == numbers["office"])
        identities = np.stack((targets, numbers["office"], ids), axis=1).astype(np.int64)
        reject_bad_items(items.spans, identities, good, fit)
        rows = zip(*(numbers[name].tolist() for name in _ITEM_COLUMNS), strict=True)
        return [known.item(row) if fine else None for row, fine in zip(rows, good.tolist(), strict=True)]

    def _column(
        self,
        name: str,
        raw: bytes,
        found: RecordColumns,
        codes: Mapping[str, npt.NDArray[np.uint32]],
        free: Mapping[str, Mapping[int, Any]],
        rows: npt.NDArray[np.int64],
    ) -> list[Any]:
        """The values of one field, for the chosen sheets."""
        kind = _TYPES[name]
        values: list[Any] = found.values[_COLUMNS.index(name), rows].tolist()
        if name in codes:
            texts = self._known.texts[name].texts
            return [texts[code] for code in codes[name][rows].tolist()]
        if isinstance(kind, dict):
            return [kind["symbols"][place] for place in values]
        if not _is_text(kind):
            return values
        if name in free:
            return list(map(free[name].get, rows.tolist()))
        sizes = found.sizes[_COLUMNS.index(name), rows].tolist()
        return [raw[begin : begin + size].decode() for begin, size in zip(values, sizes, strict=True)]


def _free_texts(raw: bytes, found: RecordColumns, name: str) -> Mapping[int, Any]:
    """The texts of a field without a pattern, by position; few sheets have any. A sheet with a bad one is not fit."""
    kind, column = _TYPES[name], _COLUMNS.index(name)
    texts: dict[int, Any] = {}
    if not _is_text(kind):
        return texts
    fits = _FREE.get(name, _anything)
    for row in np.flatnonzero(found.fit & (found.sizes[column] >= 0)).tolist():
        begin = int(found.values[column, row])
        text: Any = raw[begin : begin + int(found.sizes[column, row])]
        try:
            texts[row] = text if "bytes" in kind else text.decode()
            found.fit[row] = fits(texts[row])
        except UnicodeDecodeError:
            found.fit[row] = False
    return texts


def _in_range(names: Sequence[str], types: Mapping[str, Any], values: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which records or items have all their whole numbers of 32 bits in range; by column as in `names`."""
    good = np.ones(values.shape[1], np.bool_)
    for column, name in enumerate(names):
        if types[name] == "int":
            low, high = _RANGES.get(name, _INT_RANGE)
            good &= (values[column] >= low) & (values[column] <= high)
    return good


def _is_text(kind: Any) -> bool:
    return not isinstance(kind, dict) and ("string" in kind or "bytes" in kind)


def _anything(_text: Any) -> bool:
    return True


def _accepts(rule: rules.TextRule | None) -> Callable[[str], bool]:
    return _anything if rule is None else rule.accepts


def _sheet_plans(writer: Any) -> _SheetPlans | None:
    sheet = field_plan(writer, _SCHEMA, _COLUMNS, items="items")
    item = None if sheet is None else field_plan(item_schema(writer, "items"), _ITEM_SCHEMA, _ITEM_COLUMNS)
    return None if sheet is None or item is None else _SheetPlans(sheet, item)
