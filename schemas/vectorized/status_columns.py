"""Statuses as columns of all fields, read by kernels: what a store of columns needs of a batch.

`schemas.vectorized.status_reader` reads the same topic for the join, which keeps some fields as numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from schemas.batches.batch import Batch, Reject
from schemas.batches.record_spans import RecordSpans, locate_records
from schemas.catalogue import latest, parsed
from schemas.codec.record import WriterSchemas, pinned_only
from schemas.keys import KEY_DIGITS
from schemas.topics import Topic
from schemas.validation.arrays import IDENTITY_BYTES, MAX_IDENTITY_BYTES, plausible_times
from schemas.validation.record import status_problems
from schemas.vectorized.fallback import RecordFallback
from schemas.vectorized.field_plan import SchemaGrouper, field_plan
from schemas.vectorized.kernels.bodies import RecordColumns, read_flat
from schemas.vectorized.kernels.texts import Strings, hashes_of, keys_of
from schemas.vectorized.status_reader import status_dictionary

_MAX_CODES, _MAX_BYTES = 1 << 16, 1 << 22
"""Texts of one field that are remembered from batch to batch; with more, its dictionary starts empty again."""

_DIFFERENT = ("event_id", "declaration_no")
"""Texts that differ from record to record: nothing is gained by a dictionary."""

_INT = np.iinfo(np.int32)

Codes = dict[str, npt.NDArray[np.uint32]]


class TextSpans(NamedTuple):
    """Texts where they lie in the bytes of a batch.

    Attributes:
        data: The bytes.
        begins: Where each text begins.
        sizes: Its length in bytes; -1 for null.
    """

    data: npt.NDArray[np.uint8]
    begins: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int32]


class CodedTexts(NamedTuple):
    """Texts of few different values.

    Attributes:
        dictionary: What the codes belong to: codes of the same object mean the same texts.
        texts: The text of each code; '' for null.
        codes: The code of each record.
    """

    dictionary: object
    texts: Strings
    codes: npt.NDArray[np.uint32]


FieldColumn = npt.NDArray[np.int64] | TextSpans | CodedTexts


@dataclass(frozen=True, slots=True)
class StatusColumns:
    """The good records of a batch, in its order.

    Attributes:
        index: Position in the batch.
        timestamps: Kafka timestamps, epoch milliseconds.
        checksums: CRC-32 of the body: decides between two contents with one identity.
        fields: A column for each field of the newest schema.
        rejects: The records that were refused.
    """

    index: npt.NDArray[np.int64]
    timestamps: npt.NDArray[np.int64]
    checksums: npt.NDArray[np.uint32]
    fields: Mapping[str, FieldColumn]
    rejects: Sequence[Reject]

    def __len__(self) -> int:
        """Number of good records."""
        return len(self.index)


class StatusColumnReader:
    """Reads batches of `declaration-status` into columns.

    Args:
        writer_schemas: Where schemas that are not pinned come from.
    """

    def __init__(self, writer_schemas: WriterSchemas = pinned_only) -> None:
        subject = Topic.DECLARATION_STATUS.subject
        schema = parsed(latest(subject).schema_id)
        self._types: Mapping[str, Any] = {field["name"]: field["type"] for field in schema["fields"]}
        self._places = {name: place for place, name in enumerate(self._types)}
        self._symbols = {
            name: Strings.of(kind["symbols"]) for name, kind in self._types.items() if isinstance(kind, dict)
        }
        self._dictionaries = {
            name: status_dictionary(name)
            for name, kind in self._types.items()
            if (kind == "string" or isinstance(kind, list)) and name not in _DIFFERENT
        }
        self._grouper = SchemaGrouper(
            subject, writer_schemas, lambda writer: field_plan(writer, schema, [*self._types])
        )
        self._fallback = RecordFallback(subject, writer_schemas, status_problems)

    def read_columns(self, batch: Batch) -> StatusColumns:
        """Decode and check a batch; never raises for what a record holds."""
        records = locate_records(batch)
        found = RecordColumns.allocate(len(self._types), len(records))
        for plan, rows in self._grouper.groups(records):
            read_flat(records.data, records.spans, rows, plan, found)
        codes = self._check(records, found)
        rejects: Sequence[Reject] = ()
        if not found.fit.all():
            records, rejects = self._read_others(batch, records, found, codes)
        return self._select(records, found, codes, rejects)

    def _check(self, records: RecordSpans, found: RecordColumns) -> Codes:
        """Codes of the texts; a record that breaks a rule is no longer fit."""
        keys, hashes = np.empty(len(records), np.int64), np.empty(len(records), np.uint64)
        keys_of(records.data, records.spans, found, self._places["declaration_no"], KEY_DIGITS, keys)
        hashes_of(records.data, found, self._places["event_id"], IDENTITY_BYTES, MAX_IDENTITY_BYTES, hashes)
        fit = found.fit
        fit &= plausible_times(found.values[self._places["occurred_at"]], records.timestamps)
        for name, kind in self._types.items():
            if kind == "int":
                column = found.values[self._places[name]]
                fit &= (column >= _INT.min) & (column <= _INT.max)
        codes = {}
        for name, dictionary in self._dictionaries.items():
            place = self._places[name]
            codes[name] = dictionary.encode(records.data, found.values[place], found.sizes[place], fit)
        return codes

    def _read_others(
        self, batch: Batch, records: RecordSpans, found: RecordColumns, codes: Codes
    ) -> tuple[RecordSpans, Sequence[Reject]]:
        """Decode the other records one by one and enter the good ones; their texts go behind the batch's bytes."""
        good, rejects = self._fallback.decode(batch, np.flatnonzero(~found.fit))
        if not good:
            return records, rejects
        rows, texts, end = [one.index for one in good], [records.raw], len(records.raw)
        for name, kind in self._types.items():
            place, values = self._places[name], [one.record[name] for one in good]
            if isinstance(kind, dict):
                values = [kind["symbols"].index(value) for value in values]
            elif name in codes or name in _DIFFERENT:
                encoded = [(value or "").encode() for value in values]
                found.sizes[place, rows] = [
                    -1 if value is None else len(text) for value, text in zip(values, encoded, strict=True)
                ]
                values = [*accumulate(map(len, encoded), initial=end)]
                end = values.pop()
                texts += encoded
            found.values[place, rows] = values
        raw = b"".join(texts)
        records = replace(records, raw=raw, data=np.frombuffer(raw, np.uint8))
        entered = np.zeros(len(records), np.bool_)
        entered[rows] = True
        for name, dictionary in self._dictionaries.items():
            place = self._places[name]
            new = dictionary.encode(records.data, found.values[place], found.sizes[place], entered)
            codes[name][rows] = new[rows]
        assert entered[rows].all()  # else a good record would be lost: dictionaries accept all that the rules accept
        found.checksums[rows] = [one.checksum for one in good]
        found.fit[rows] = True
        return records, rejects

    def _select(
        self, records: RecordSpans, found: RecordColumns, codes: Codes, rejects: Sequence[Reject]
    ) -> StatusColumns:
        """The columns of the good records."""
        index = np.flatnonzero(found.fit)
        chosen: Any = slice(None) if len(index) == len(records) else index
        columns: dict[str, FieldColumn] = {}
        for name, place in self._places.items():
            values = found.values[place, chosen]
            if name in self._symbols:
                symbols = self._symbols[name]
                columns[name] = CodedTexts(symbols, symbols, values.astype(np.uint32))
            elif name in codes:
                dictionary = self._dictionaries[name]
                columns[name] = CodedTexts(dictionary, dictionary.strings, codes[name][chosen])
                if len(dictionary) > _MAX_CODES or dictionary.strings.offsets[-1] > _MAX_BYTES:
                    self._dictionaries[name] = status_dictionary(name)
            elif name in _DIFFERENT:
                columns[name] = TextSpans(records.data, values, found.sizes[place, chosen])
            else:
                columns[name] = values.copy()  # the other columns need not be kept for it
        return StatusColumns(index, records.timestamps[chosen], found.checksums[chosen], columns, rejects)
