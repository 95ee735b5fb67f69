"""Statuses as numbers: what the join keeps of a batch, read by kernels in a handful of passes over its bytes.

`schemas.readers.record_reader.StatusReader` gives the same records as columns of texts, for those who want the texts.
Both accept the same records and refuse the others for the same reasons; a property test holds them against each other.

How a record gets from one sieve into the next stands in `schemas.vectorized.fallback`.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from fastavro import parse_schema, schemaless_writer

from schemas.batches.batch import Batch, Reject
from schemas.batches.record_spans import RecordSpans, locate_records
from schemas.catalogue import latest, parsed
from schemas.codec.record import WriterSchemas, pinned_only
from schemas.codec.wire import HEADER_BYTES
from schemas.keys import KEY_DIGITS
from schemas.topics import Topic
from schemas.validation import rules
from schemas.validation.arrays import IDENTITY_LETTERS, MOST_LETTERS, timely
from schemas.validation.record import status_problems
from schemas.vectorized.fallback import RecordFallback, SchemaGrouper
from schemas.vectorized.field_plan import FieldPlan, enum_symbols, field_plan
from schemas.vectorized.kernels import checksums, flat, texts
from schemas.vectorized.string_dictionary import StringDictionary

_SCHEMA = parsed(latest(Topic.DECLARATION_STATUS.subject).schema_id)
STATUSES = enum_symbols(_SCHEMA, "status")
"""The statuses by their numbers, in the order of a declaration's life."""

_CODED = tuple(name for name in rules.STATUS_TEXTS if name not in ("event_id", "declaration_no"))
_COLUMNS = ("event_id", "declaration_no", "status", "occurred_at", *_CODED)
_EVENT, _DECLARATION, _STATUS, _OCCURRED_AT = range(4)
_MOST_JUDGED = 1 << 16
"""Texts that are remembered only because they were judged; beyond that they are judged anew."""


@dataclass(frozen=True, slots=True)
class CodedStatuses:
    """Good records of a batch, in arrays of the same length.

    Attributes:
        index: Position in the batch.
        keys: The 11 digits of the declaration that never change, as a number.
        occurred_at: Epoch milliseconds.
        timestamps: Kafka timestamps, epoch milliseconds.
        events: A hash of the event id, the same in every process.
        checksums: CRC-32 of the body: the order between two contents that claim one identity.
        statuses: Place in `STATUSES`.
        codes: For each table that was given, the numbers of its texts; 0 for an absent one.
        rejects: The records that were refused.
    """

    index: npt.NDArray[np.int64]
    keys: npt.NDArray[np.int64]
    occurred_at: npt.NDArray[np.int64]
    timestamps: npt.NDArray[np.int64]
    events: npt.NDArray[np.uint64]
    checksums: npt.NDArray[np.uint32]
    statuses: npt.NDArray[np.uint8]
    codes: Mapping[str, npt.NDArray[np.uint32]]
    rejects: Sequence[Reject]

    def __len__(self) -> int:
        """Number of good records."""
        return len(self.index)


def status_dictionary(name: str, known: Sequence[str] = ()) -> StringDictionary:
    """A table for the texts of one field of a status; it takes no text that breaks the field's rule."""
    return StringDictionary(rules.STATUS_TEXTS[name].accepts, known)


class CodedStatusReader:
    """Reads batches of `declaration-status` into numbers.

    Args:
        writer_schemas: Where schemas that are not pinned come from.
    """

    def __init__(self, writer_schemas: WriterSchemas = pinned_only) -> None:
        subject = Topic.DECLARATION_STATUS.subject
        self._planner = SchemaGrouper(subject, writer_schemas, _plan)
        self._last = RecordFallback(subject, writer_schemas, status_problems)
        self._judged = {name: status_dictionary(name) for name in _CODED}

    def read_statuses(self, batch: Batch, tables: Mapping[str, StringDictionary]) -> CodedStatuses:
        """Decode and check a batch; never raises for what a record holds.

        Args:
            batch: The batch.
            tables: Where the texts of the fields that are wanted get their numbers; made by `status_dictionary`.
        """
        found = locate_records(batch)
        quick, fit = self._read(found, self._planner.groups(found), tables)
        if fit.all():
            return quick
        return self._with_the_rest(batch, quick, np.flatnonzero(~fit), tables)

    def _read(
        self,
        found: RecordSpans,
        groups: Iterable[tuple[FieldPlan, npt.NDArray[np.int64]]],
        tables: Mapping[str, StringDictionary],
    ) -> tuple[CodedStatuses, npt.NDArray[np.bool_]]:
        """What kernels are sure of, and which records that is."""
        count = len(found)
        shape = len(_COLUMNS), count
        values, sizes, crc = np.empty(shape, np.int64), np.empty(shape, np.int32), np.empty(count, np.uint32)
        fit = np.zeros(count, np.bool_)
        for plan, rows in groups:
            flat.read_flat(found.data, found.spans, rows, plan.fields, checksums.TABLES, values, sizes, crc, fit)
            plan.resolve_columns(values, sizes, rows)
        occurred_at = values[_OCCURRED_AT]
        keys, events = np.empty(count, np.int64), np.empty(count, np.uint64)
        texts.keys_of(found.data, found.spans, values[_DECLARATION], sizes[_DECLARATION], KEY_DIGITS, fit, keys)
        texts.hashes_of(found.data, values[_EVENT], sizes[_EVENT], IDENTITY_LETTERS, MOST_LETTERS, fit, events)
        fit &= timely(occurred_at, found.timestamps)
        codes = self._codes(found.data, values, sizes, fit, tables)
        chosen = np.flatnonzero(fit)
        columns = (keys, occurred_at, found.timestamps, events, crc, values[_STATUS].astype(np.uint8))
        if len(chosen) < count:
            columns = tuple(column[chosen] for column in columns)  # type: ignore[assignment]  # as many as before
            codes = {name: column[chosen] for name, column in codes.items()}
        return CodedStatuses(chosen, *columns, codes, ()), fit

    def _codes(
        self, data: Any, values: Any, sizes: Any, fit: npt.NDArray[np.bool_], tables: Mapping[str, StringDictionary]
    ) -> Mapping[str, npt.NDArray[np.uint32]]:
        """Numbers of all texts but the two that are each record's own; takes the mark from records with bad ones."""
        codes: dict[str, npt.NDArray[np.uint32]] = {}
        # Those without a table come first: tables are kept, and need not learn the texts of records that they refuse.
        for name in sorted(_CODED, key=tables.__contains__):
            column = _COLUMNS.index(name)
            if name in tables:
                codes[name] = tables[name].encode(data, values[column], sizes[column], fit)
                continue
            if len(self._judged[name]) > _MOST_JUDGED:
                self._judged[name] = status_dictionary(name)
            self._judged[name].encode(data, values[column], sizes[column], fit)
        return codes

    def _with_the_rest(
        self, batch: Batch, quick: CodedStatuses, rest: npt.NDArray[np.int64], tables: Mapping[str, StringDictionary]
    ) -> CodedStatuses:
        """All good records in order: what is left is decoded one by one, written as kernels like it, and read again."""
        good, rejects = self._last.decode(batch, rest)
        if not good:
            return replace(quick, rejects=rejects)
        values = [_as_kernels_like_it(one.record) for one in good]
        keys = [batch.keys[one.index] for one in good]
        timestamps = np.array([batch.timestamps[one.index] for one in good], np.int64)
        again = RecordSpans.from_values(values, keys, timestamps)
        slow, fit = self._read(again, [(_OWN_PLAN, np.arange(len(good), dtype=np.int64))], tables)
        assert fit.all()  # else a good record would be lost: kernels take whatever the rules accept
        index = np.array([one.index for one in good], np.int64)
        slow = replace(slow, index=index, checksums=np.array([one.checksum for one in good], np.uint32))
        return _in_order(quick, slow, rejects)


def _plan(writer: Any) -> FieldPlan | None:
    return field_plan(writer, _SCHEMA, _COLUMNS)


def _own_schema() -> Any:
    """The fields that are read, and no others."""
    fields = [field for field in _SCHEMA["fields"] if field["name"] in _COLUMNS]
    return parse_schema({"type": "record", "name": "Own", "fields": copy.deepcopy(fields)})


def _own_plan(schema: Any) -> FieldPlan:
    plan = _plan(schema)
    assert plan is not None  # else no record that is decoded by itself could be taken in
    return plan


_OWN_SCHEMA = _own_schema()
_OWN_PLAN = _own_plan(_OWN_SCHEMA)


def _as_kernels_like_it(record: Mapping[str, Any]) -> bytes:
    """What is wanted of a good record, written as plainly as can be, behind an empty frame."""
    out = io.BytesIO(bytes(HEADER_BYTES))
    out.seek(HEADER_BYTES)
    schemaless_writer(out, _OWN_SCHEMA, {name: record[name] for name in _COLUMNS})
    return out.getvalue()


def _in_order(one: CodedStatuses, other: CodedStatuses, rejects: Sequence[Reject]) -> CodedStatuses:
    """The records of both, in the order of the batch."""
    order = np.argsort(np.concatenate((one.index, other.index)))

    def merged(of_one: npt.NDArray[Any], of_other: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.concatenate((of_one, of_other))[order]

    return CodedStatuses(
        index=merged(one.index, other.index),
        keys=merged(one.keys, other.keys),
        occurred_at=merged(one.occurred_at, other.occurred_at),
        timestamps=merged(one.timestamps, other.timestamps),
        events=merged(one.events, other.events),
        checksums=merged(one.checksums, other.checksums),
        statuses=merged(one.statuses, other.statuses),
        codes={name: merged(codes, other.codes[name]) for name, codes in one.codes.items()},
        rejects=rejects,
    )
