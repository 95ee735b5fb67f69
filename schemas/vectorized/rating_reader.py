"""Rating sheets, read by a kernel: the same records as `schemas.readers.record_reader`, at a fraction of the cost.

Items repeat: there are few offices, teams and scores. So each is made once, and sheets share them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from schemas.batches.batch import Batch, Reject
from schemas.batches.record_spans import RecordSpans, locate_records
from schemas.catalogue import latest, parsed
from schemas.codec.record import WriterSchemas, pinned_only
from schemas.contacts.envelope import is_sealed
from schemas.keys import KEY_DIGITS
from schemas.records import Rating, RatingItem
from schemas.topics import Topic
from schemas.validation import rules
from schemas.validation.arrays import IDENTITY_LETTERS, MOST_LETTERS, timely
from schemas.validation.record import rating_problems
from schemas.vectorized.fallback import RecordFallback, SchemaGrouper
from schemas.vectorized.field_plan import FieldPlan, enum_symbols, field_plan, item_schema
from schemas.vectorized.kernels import checksums, nested, texts
from schemas.vectorized.string_dictionary import StringDictionary

_COLUMNS = ("sheet_id", "declaration_no", "tax_code", "submitted_at", "revision", "phase", "comment", "contact")
_SHEET, _DECLARATION, _TAX_CODE, _SUBMITTED_AT, _REVISION, _PHASE, _COMMENT, _CONTACT = range(len(_COLUMNS))
_ITEM_COLUMNS = ("target", "office", "target_id", "score", "reason")
_TARGET, _OFFICE, _TARGET_ID, _SCORE, _REASON = range(len(_ITEM_COLUMNS))
_LEAST_ITEM_BYTES = 5

_SCHEMA = parsed(latest(Topic.RATING.subject).schema_id)
_ITEM_SCHEMA = item_schema(_SCHEMA, "items")
_PHASES = enum_symbols(_SCHEMA, "phase")
_TARGETS = enum_symbols(_ITEM_SCHEMA, "target")
_OFFICE_PLACE = _TARGETS.index("OFFICE")

_MOST_REMEMBERED = 1 << 16
"""Texts of a kind, or items, that are remembered from batch to batch."""


class DecodedSheet(NamedTuple):
    """A good sheet.

    Attributes:
        key: The 11 digits of the declaration that never change, as a number.
        rating: The record.
        checksum: CRC-32 of its body.
    """

    key: int
    rating: Rating
    checksum: int


class _Plans(NamedTuple):
    """How the sheets of one writer are read, and their items."""

    sheet: FieldPlan
    item: FieldPlan


class _Items(NamedTuple):
    """Items of a batch, in arrays; columns as in `_ITEM_COLUMNS`."""

    values: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int32]


class _KnownItems:
    """What is remembered: texts, and items by the numbers of their texts."""

    def __init__(self) -> None:
        self.tax_codes = StringDictionary(rules.TAX_CODE.accepts)
        self.offices = StringDictionary(rules.OFFICE.accepts)
        self.reasons = StringDictionary(rules.REASON.accepts)
        # The id of a rated office is its code: as both are numbered by one table, they can be compared.
        own = {name: StringDictionary(rule.accepts) for name, rule in rules.TARGET_IDS.items() if name != "OFFICE"}
        self.targets = [self.offices if name == "OFFICE" else own[name] for name in _TARGETS]
        self.items: dict[tuple[int, ...], RatingItem] = {}

    def is_full(self) -> bool:
        tables = (self.tax_codes, self.offices, self.reasons, *self.targets)
        return max(len(self.items), *map(len, tables)) > _MOST_REMEMBERED

    def item(self, identity: tuple[int, ...]) -> RatingItem:
        """The item of these numbers, made if it is new."""
        found = self.items.get(identity)
        if found is None:
            target, office, target_id, score, reason = identity
            found = self.items[identity] = RatingItem(
                _TARGETS[target],
                self.offices.texts[office] or "",
                self.targets[target].texts[target_id] or "",
                score,
                self.reasons.texts[reason],
            )
        return found


@dataclass(frozen=True, slots=True)
class DecodedSheets:
    """A batch of rating sheets.

    Attributes:
        accepted: The good ones, in offset order.
        rejects: The records that were refused.
    """

    accepted: Sequence[DecodedSheet]
    rejects: Sequence[Reject]


class RatingReader:
    """Reads batches of `rating`.

    Args:
        writer_schemas: Where schemas that are not pinned come from.
    """

    def __init__(self, writer_schemas: WriterSchemas = pinned_only) -> None:
        subject = Topic.RATING.subject
        self._planner = SchemaGrouper(subject, writer_schemas, _plans)
        self._last = RecordFallback(subject, writer_schemas, rating_problems)
        self._memory = _KnownItems()

    def read_sheets(self, batch: Batch) -> DecodedSheets:
        """Decode and check a batch; never raises for what a record holds."""
        if self._memory.is_full():
            self._memory = _KnownItems()
        found = locate_records(batch)
        fit = np.zeros(len(found), np.bool_)
        accepted = dict(self._read(found, fit))
        if fit.all():
            return DecodedSheets(list(accepted.values()), ())
        good, rejects = self._last.decode(batch, np.flatnonzero(~fit))
        for one in good:
            key = int(one.record["declaration_no"][:KEY_DIGITS])
            accepted[one.index] = DecodedSheet(key, Rating.from_avro(one.record), one.checksum)
        return DecodedSheets([sheet for _index, sheet in sorted(accepted.items())], rejects)

    def _read(self, found: RecordSpans, fit: npt.NDArray[np.bool_]) -> Iterator[tuple[int, DecodedSheet]]:
        """What kernels are sure of, by position; `fit` says which that is."""
        count, data = len(found), found.data
        values, sizes = np.empty((len(_COLUMNS), count), np.int64), np.empty((len(_COLUMNS), count), np.int32)
        crc, spans = np.empty(count, np.uint32), np.empty((count, 2), np.int64)
        items = self._found(found, values, sizes, crc, fit, spans)
        keys, hashes = np.empty(count, np.int64), np.empty(count, np.uint64)
        texts.keys_of(data, found.spans, values[_DECLARATION], sizes[_DECLARATION], KEY_DIGITS, fit, keys)
        texts.hashes_of(data, values[_SHEET], sizes[_SHEET], IDENTITY_LETTERS, MOST_LETTERS, fit, hashes)
        submitted, revision = values[_SUBMITTED_AT], values[_REVISION]
        fit &= timely(submitted, found.timestamps)
        fit &= (revision >= 1) & (revision <= rules.MAX_REVISION)
        tax_codes = self._memory.tax_codes.encode(data, values[_TAX_CODE], sizes[_TAX_CODE], fit)
        made = self._items(data, items, spans, fit)
        self._free_texts(found, values, sizes, fit)
        yield from self._sheets(found, values, sizes, np.flatnonzero(fit), keys, crc, tax_codes, spans, made)

    def _found(self, found: RecordSpans, values: Any, sizes: Any, crc: Any, fit: Any, spans: Any) -> _Items:
        room = len(found.data) // _LEAST_ITEM_BYTES
        items = _Items(np.empty((len(_ITEM_COLUMNS), room), np.int64), np.empty((len(_ITEM_COLUMNS), room), np.int32))
        used = 0
        for plans, rows in self._planner.groups(found):
            before = used
            used = int(
                nested.read_nested(
                    found.data,
                    found.spans,
                    rows,
                    plans.sheet.fields,
                    plans.item.fields,
                    rules.MAX_ITEMS,
                    used,
                    checksums.TABLES,
                    values,
                    sizes,
                    crc,
                    fit,
                    spans,
                    items.values,
                    items.sizes,
                )
            )
            plans.sheet.resolve_columns(values, sizes, rows)
            plans.item.resolve_columns(*items, np.arange(before, used))
        return _Items(items.values[:, :used], items.sizes[:, :used])

    def _items(self, data: Any, items: _Items, spans: Any, fit: npt.NDArray[np.bool_]) -> list[RatingItem | None]:
        """The items, None for those that break a rule; takes the mark from their sheets."""
        memory, values, sizes = self._memory, items.values, items.sizes
        targets, scores = values[_TARGET], values[_SCORE]
        good = (scores >= 1) & (scores <= 5)
        offices = memory.offices.encode(data, values[_OFFICE], sizes[_OFFICE], good)
        reasons = memory.reasons.encode(data, values[_REASON], sizes[_REASON], good)
        ids = np.zeros(len(targets), np.uint32)
        for place, table in enumerate(memory.targets):
            others = targets != place
            asked = good & ~others
            ids = np.where(others, ids, table.encode(data, values[_TARGET_ID], sizes[_TARGET_ID], asked))
            good &= asked | others
        good &= (targets != _OFFICE_PLACE) | (ids == offices)
        nested.reject_bad_items(spans, np.stack((targets, offices, ids), axis=1).astype(np.int64), good, fit)
        numbers = zip(*(column.tolist() for column in (targets, offices, ids, scores, reasons)), strict=True)
        return [memory.item(identity) if fine else None for identity, fine in zip(numbers, good.tolist(), strict=True)]

    def _free_texts(self, found: RecordSpans, values: Any, sizes: Any, fit: npt.NDArray[np.bool_]) -> None:
        """Look at comments and contacts, which few sheets have; takes the mark from sheets whose are not right."""
        raw = found.raw
        for row in np.flatnonzero(fit & (sizes[_COMMENT] >= 0)).tolist():
            begin, size = int(values[_COMMENT, row]), int(sizes[_COMMENT, row])
            try:
                fit[row] = len(raw[begin : begin + size].decode()) <= rules.MAX_COMMENT
            except UnicodeDecodeError:
                fit[row] = False
        for row in np.flatnonzero(fit & (sizes[_CONTACT] >= 0)).tolist():
            begin, size = int(values[_CONTACT, row]), int(sizes[_CONTACT, row])
            fit[row] = size <= rules.MAX_CONTACT and is_sealed(raw[begin : begin + size])

    def _sheets(
        self,
        found: RecordSpans,
        values: Any,
        sizes: Any,
        rows: npt.NDArray[np.int64],
        keys: Any,
        crc: Any,
        tax_codes: Any,
        spans: Any,
        items: Sequence[RatingItem | None],
    ) -> Iterator[tuple[int, DecodedSheet]]:
        raw, texts_of = found.raw, self._memory.tax_codes.texts
        ends = values + sizes
        places = (values[_SHEET], ends[_SHEET], values[_DECLARATION], ends[_DECLARATION])
        columns = (*places, values[_REVISION], values[_SUBMITTED_AT], values[_PHASE], tax_codes, keys, crc)
        lists = [column[rows].tolist() for column in (*columns, spans[:, 0], spans[:, 1])]
        comments, contacts = sizes[_COMMENT], sizes[_CONTACT]
        for row, *one in zip(rows.tolist(), *lists, strict=True):
            begin, end, declared, ending, revision, submitted_at, phase, tax_code, key, checksum, first, last = one
            rating = Rating(
                raw[begin:end].decode(),
                revision,
                raw[declared:ending].decode(),
                texts_of[tax_code],
                submitted_at,
                _PHASES[phase],
                tuple(items[first:last]),  # type: ignore[arg-type]  # none of a good sheet is None
                raw[values[_COMMENT, row] : ends[_COMMENT, row]].decode() if comments[row] >= 0 else None,
                raw[values[_CONTACT, row] : ends[_CONTACT, row]] if contacts[row] >= 0 else None,
            )
            yield row, DecodedSheet(key, rating, checksum)


def _plans(writer: Any) -> _Plans | None:
    sheet = field_plan(writer, _SCHEMA, _COLUMNS, items="items")
    if sheet is None:
        return None
    item = field_plan(item_schema(writer, "items"), _ITEM_SCHEMA, _ITEM_COLUMNS)
    return None if item is None else _Plans(sheet, item)
