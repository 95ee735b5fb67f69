"""Statuses as numbers: what the join keeps of a batch, read by kernels in a handful of passes over its bytes.

`schemas.readers.StatusReader` gives the same records as columns of texts, for those who want the texts. Both accept the
same records and refuse the others for the same reasons; a property test holds them against each other.

Three sieves, from fast to slow: a kernel reads what one schema wrote and is sure of; texts that were met before are
looked up; and every record that is left, broken or merely unusual, is decoded and checked by itself.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.batch import Batch, Reject
from schemas.catalogue import latest, parsed
from schemas.codec import WriterSchemas, decoder, encoder, pinned_only
from schemas.errors import PoisonRecord
from schemas.kernels import checksums, flat, texts
from schemas.located import Located, located
from schemas.plans import Plan, plan_of
from schemas.records import Status
from schemas.text_table import TextTable
from schemas.topics import Topic
from schemas.validation import rules
from schemas.validation.record import status_problems
from schemas.wire import HEADER_BYTES, MAX_RECORD_BYTES, framed_id

STATUSES = tuple(status.value for status in Status)
"""The statuses by their numbers, in the order of a declaration's life."""

KEY_DIGITS = 11
_TEXTS = tuple(rules.STATUS_TEXTS)
_EVENT, _DECLARATION = _TEXTS.index("event_id"), _TEXTS.index("declaration_no")
_NUMBERS = ("status", "occurred_at")
_MOST_JUDGED = 1 << 16
"""Texts that are remembered only because they were judged; beyond that they are judged anew."""

_LETTERS = np.array([rules.IDENTITY.accepts(chr(byte)) for byte in range(256)])
_MOST_LETTERS = max(length for length in range(100) if rules.IDENTITY.accepts("x" * length))


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


def status_table(name: str, known: Sequence[str] = ()) -> TextTable:
    """A table for the texts of one field of a status; it takes no text that breaks the field's rule."""
    return TextTable(rules.STATUS_TEXTS[name].accepts, known)


class CodedStatusReader:
    """Reads batches of `declaration-status` into numbers.

    Args:
        writer_schemas: Where schemas that are not pinned come from.
    """

    def __init__(self, writer_schemas: WriterSchemas = pinned_only) -> None:
        self._subject = Topic.DECLARATION_STATUS.subject
        self._writer_schemas = writer_schemas
        self._reader_schema = parsed(latest(self._subject).schema_id)
        self._decode_one = decoder(self._subject, writer_schemas)
        self._encode_one = encoder(self._subject)
        self._plans: dict[int, Plan | None] = {}
        self._judged = {name: status_table(name) for name in _TEXTS}

    def read(self, batch: Batch, tables: Mapping[str, TextTable]) -> CodedStatuses:
        """Decode and check a batch; never raises for what a record holds.

        Args:
            batch: The batch.
            tables: Where the texts of the fields that are wanted get their numbers; made by `status_table`.
        """
        found = located(batch)
        quick, fit = self._read(found, tables)
        if fit.all():
            return quick
        return self._with_the_rest(batch, found, quick, np.flatnonzero(~fit), tables)

    def _read(self, found: Located, tables: Mapping[str, TextTable]) -> tuple[CodedStatuses, npt.NDArray[np.bool_]]:
        """What kernels are sure of, and which records that is."""
        count = len(found)
        begins, sizes = np.empty((len(_TEXTS), count), np.int64), np.empty((len(_TEXTS), count), np.int32)
        numbers, crc = np.empty((len(_NUMBERS), count), np.int64), np.empty(count, np.uint32)
        fit = np.zeros(count, np.bool_)
        out = checksums.TABLES, begins, sizes, numbers, crc, fit
        for plan, rows in self._planned(found):
            # A field that the writer does not have is absent; a record without a required one is never fit.
            for column in plan.missing:
                sizes[column, rows] = -1
            flat.read_flat(found.data, found.spans, rows, plan.fields, plan.symbols, *out)
        status, occurred_at = numbers
        keys, events = np.empty(count, np.int64), np.empty(count, np.uint64)
        texts.keys_of(found.data, found.spans, begins[_DECLARATION], sizes[_DECLARATION], KEY_DIGITS, fit, keys)
        texts.hashes_of(found.data, begins[_EVENT], sizes[_EVENT], _LETTERS, _MOST_LETTERS, fit, events)
        # Subtracted on this side: the timestamp is its writer's, any 64-bit number, and a sum would wrap around.
        fit &= (occurred_at >= rules.EARLIEST_MS) & (occurred_at < rules.LATEST_MS)
        fit &= occurred_at - rules.FUTURE_TOLERANCE_MS <= found.timestamps
        codes = self._codes(found.data, begins, sizes, fit, tables)
        chosen = np.flatnonzero(fit)
        columns = (keys, occurred_at, found.timestamps, events, crc, status.astype(np.uint8))
        if len(chosen) < count:
            columns = tuple(column[chosen] for column in columns)  # type: ignore[assignment]  # as many as before
            codes = {name: column[chosen] for name, column in codes.items()}
        return CodedStatuses(chosen, *columns, codes, ()), fit

    def _planned(self, found: Located) -> Iterator[tuple[Plan, npt.NDArray[np.int64]]]:
        """The records of each writer schema that kernels can read, and how."""
        ids = found.schema_ids(MAX_RECORD_BYTES)
        if not len(ids):
            return
        if bool((ids == ids[0]).all()):
            groups = [(int(ids[0]), np.arange(len(ids)))]
        else:
            order = np.argsort(ids, kind="stable")
            borders = np.flatnonzero(np.diff(ids[order])) + 1
            groups = [(int(ids[rows[0]]), rows) for rows in np.split(order, borders)]
        for schema_id, rows in groups:
            if (plan := self._plan(schema_id)) is not None:
                yield plan, rows

    def _plan(self, schema_id: int) -> Plan | None:
        if schema_id in self._plans:
            return self._plans[schema_id]
        writer = None if schema_id < 0 else self._writer_schemas(schema_id, self._subject)
        if writer is None:
            return None  # not remembered: ids may be invented without end, and their writer may yet register them
        plan = plan_of(writer, self._reader_schema, _TEXTS, _NUMBERS, STATUSES)
        self._plans[schema_id] = plan
        return plan

    def _codes(
        self, data: Any, begins: Any, sizes: Any, fit: npt.NDArray[np.bool_], tables: Mapping[str, TextTable]
    ) -> Mapping[str, npt.NDArray[np.uint32]]:
        """Numbers of all texts but the two that are each record's own; takes the mark from records with bad ones."""
        codes: dict[str, npt.NDArray[np.uint32]] = {}
        for column, name in enumerate(_TEXTS):
            if column in (_EVENT, _DECLARATION):
                continue
            table = tables.get(name)
            if table is not None:
                codes[name] = table.encode(data, begins[column], sizes[column], fit)
                continue
            if len(self._judged[name]) > _MOST_JUDGED:
                self._judged[name] = status_table(name)
            self._judged[name].encode(data, begins[column], sizes[column], fit)
        return codes

    def _with_the_rest(
        self,
        batch: Batch,
        found: Located,
        quick: CodedStatuses,
        rest: npt.NDArray[np.int64],
        tables: Mapping[str, TextTable],
    ) -> CodedStatuses:
        """All good records in order: what is left is decoded one by one, written as kernels like it, and read again."""
        rejects: list[Reject] = []
        accepted: list[int] = []
        values: list[bytes] = []
        crc: list[int] = []
        for index in rest.tolist():
            value, key, timestamp = batch.values[index], batch.keys[index], int(found.timestamps[index])
            try:
                record = self._decode_one(value)
            except PoisonRecord as poison:
                rejects.append(Reject(index, poison.reason, poison.detail, framed_id(value)))
                continue
            problems = status_problems(record, timestamp, key)
            if problems:
                rejects.append(Reject(index, problems[0].reason, str(problems[0]), framed_id(value)))
                continue
            assert value is not None
            accepted.append(index)
            values.append(self._encode_one(record))
            crc.append(zlib.crc32(memoryview(value)[HEADER_BYTES:]))
        if not accepted:
            return replace(quick, rejects=rejects)
        places = np.array(accepted, np.int64)
        again = Located.of(values, [batch.keys[index] for index in accepted], found.timestamps[places])
        slow, fit = self._read(again, tables)
        assert fit.all()  # else a good record would be lost: kernels take whatever the rules accept
        slow = replace(slow, index=places, checksums=np.array(crc, np.uint32))
        return _in_order(quick, slow, rejects)


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
