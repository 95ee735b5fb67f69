"""Statuses as numbers: what the join keeps of a batch, read by kernels in a handful of passes over its bytes.

`schemas.vectorized.status_columns` gives all fields of the same records, for the sink. Both accept the same records as
`schemas.readers.record_reader`, and refuse the others for the same reasons; property tests compare them.
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
from schemas.validation.arrays import IDENTITY_BYTES, MAX_IDENTITY_BYTES, plausible_times
from schemas.validation.record import status_problems
from schemas.vectorized.fallback import RecordFallback
from schemas.vectorized.field_plan import SchemaGrouper, enum_symbols, field_plan
from schemas.vectorized.kernels.bodies import FieldPlan, RecordColumns, read_flat
from schemas.vectorized.kernels.texts import hashes_of, keys_of
from schemas.vectorized.string_dictionary import StringDictionary

_SCHEMA = parsed(latest(Topic.DECLARATION_STATUS.subject).schema_id)
STATUSES = enum_symbols(_SCHEMA, "status")
"""The statuses by their numbers, in the order of a declaration's life."""

_CODED = tuple(name for name in rules.STATUS_TEXTS if name not in ("event_id", "declaration_no"))
_COLUMNS = ("event_id", "declaration_no", "status", "occurred_at", *_CODED)
_EVENT, _DECLARATION, _STATUS, _OCCURRED_AT = range(4)
_MOST_CHECKED = 1 << 16
"""Texts of one field that are remembered only because they were checked; beyond that they are checked again."""

Dictionaries = Mapping[str, StringDictionary]


@dataclass(frozen=True, slots=True)
class CodedStatuses:
    """Good records of a batch, in arrays of the same length.

    Attributes:
        index: Position in the batch.
        keys: The declaration's key, 11 digits, as a number.
        occurred_at: Epoch milliseconds.
        timestamps: Kafka timestamps, epoch milliseconds.
        events: A hash of the event id, the same in every process.
        checksums: CRC-32 of the body: the order between two contents that claim one identity.
        statuses: Place in `STATUSES`.
        codes: For each dictionary that was given, the numbers of the field's texts; 0 for an absent one.
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
    """A dictionary for one text field of a status; it accepts no text that breaks the field's rule, if there is one."""
    rule = rules.STATUS_TEXTS.get(name)
    return StringDictionary(rule.accepts if rule else lambda _text: True, known)


class CodedStatusReader:
    """Reads batches of `declaration-status` into numbers.

    Args:
        writer_schemas: Where schemas that are not pinned come from.
    """

    def __init__(self, writer_schemas: WriterSchemas = pinned_only) -> None:
        subject = Topic.DECLARATION_STATUS.subject
        self._grouper = SchemaGrouper(subject, writer_schemas, _plan)
        self._fallback = RecordFallback(subject, writer_schemas, status_problems)
        self._checked = {name: status_dictionary(name) for name in _CODED}

    def read_statuses(self, batch: Batch, dictionaries: Dictionaries) -> CodedStatuses:
        """Decode and check a batch; never raises for what a record holds.

        Args:
            batch: The batch.
            dictionaries: By name of the wanted text fields, made by `status_dictionary`; new texts are added to them.
        """
        records = locate_records(batch)
        quick, fit = self._read_by_kernels(records, self._grouper.groups(records), dictionaries)
        if fit.all():
            return quick
        return self._add_others(batch, quick, np.flatnonzero(~fit), dictionaries)

    def _read_by_kernels(
        self,
        records: RecordSpans,
        groups: Iterable[tuple[FieldPlan, npt.NDArray[np.int64]]],
        dictionaries: Dictionaries,
    ) -> tuple[CodedStatuses, npt.NDArray[np.bool_]]:
        """The records that kernels are sure of, and which these are."""
        count, data = len(records), records.data
        found = RecordColumns.allocate(len(_COLUMNS), count)
        for plan, rows in groups:
            read_flat(data, records.spans, rows, plan, found)
        values, fit, occurred_at = found.values, found.fit, found.values[_OCCURRED_AT]
        keys, events = np.empty(count, np.int64), np.empty(count, np.uint64)
        keys_of(data, records.spans, found, _DECLARATION, KEY_DIGITS, keys)
        hashes_of(data, found, _EVENT, IDENTITY_BYTES, MAX_IDENTITY_BYTES, events)
        fit &= plausible_times(occurred_at, records.timestamps)
        codes = self._codes(data, found, dictionaries)
        chosen = np.flatnonzero(fit)
        columns = (keys, occurred_at, records.timestamps, events, found.checksums, values[_STATUS].astype(np.uint8))
        if len(chosen) < count:
            columns = tuple(column[chosen] for column in columns)  # type: ignore[assignment]  # as many as before
            codes = {name: column[chosen] for name, column in codes.items()}
        return CodedStatuses(chosen, *columns, codes, ()), fit

    def _codes(
        self, data: npt.NDArray[np.uint8], found: RecordColumns, dictionaries: Dictionaries
    ) -> Mapping[str, npt.NDArray[np.uint32]]:
        """Numbers of the texts that repeat; marks records with a bad one as not fit."""
        codes: dict[str, npt.NDArray[np.uint32]] = {}
        # Unwanted fields first: the caller's dictionaries are kept, and need not learn from records that are refused.
        for name in sorted(_CODED, key=dictionaries.__contains__):
            if len(self._checked[name]) > _MOST_CHECKED:
                self._checked[name] = status_dictionary(name)
            column, known = _COLUMNS.index(name), dictionaries.get(name, self._checked[name])
            codes[name] = known.encode(data, found.values[column], found.sizes[column], found.fit)
        return {name: codes[name] for name in dictionaries}

    def _add_others(
        self, batch: Batch, quick: CodedStatuses, rest: npt.NDArray[np.int64], dictionaries: Dictionaries
    ) -> CodedStatuses:
        """All good records in order: the others are decoded one by one, written plainly, and read by kernels again."""
        good, rejects = self._fallback.decode(batch, rest)
        if not good:
            return replace(quick, rejects=rejects)
        keys = [batch.keys[one.index] for one in good]
        timestamps = np.array([batch.timestamps[one.index] for one in good], np.int64)
        again = RecordSpans.from_values([_written_plainly(one.record) for one in good], keys, timestamps)
        groups = [(_OWN_PLAN, np.arange(len(good), dtype=np.int64))]
        slow, fit = self._read_by_kernels(again, groups, dictionaries)
        assert fit.all()  # else a good record would be lost: kernels accept all that the rules accept
        index = np.array([one.index for one in good], np.int64)
        slow = replace(slow, index=index, checksums=np.array([one.checksum for one in good], np.uint32))
        return _in_order(quick, slow, rejects)


def _plan(writer: Any) -> FieldPlan | None:
    return field_plan(writer, _SCHEMA, _COLUMNS)


def _own_schema() -> Any:
    """The fields that are read, and no others."""
    chosen = [field for field in _SCHEMA["fields"] if field["name"] in _COLUMNS]
    return parse_schema({"type": "record", "name": "Own", "fields": copy.deepcopy(chosen)})


def _own_plan(schema: Any) -> FieldPlan:
    plan = _plan(schema)
    assert plan is not None  # else no record that is decoded by itself could be read again
    return plan


_OWN_SCHEMA = _own_schema()
_OWN_PLAN = _own_plan(_OWN_SCHEMA)


def _written_plainly(record: Mapping[str, Any]) -> bytes:
    """The wanted fields of a good record as kernels expect them, behind an empty frame."""
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
