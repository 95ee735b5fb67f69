"""Rows of every table, in columns, from batches of every topic.

`row_version` is the epoch of the log above and the record's own version below, so that a newer log always wins and a
higher version wins within one log. Every record version is below 2**48 (docs/adr/0006).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from schemas.batches.batch import RawBatch, Reject
from schemas.codec.record import WriterSchemas, pinned_only
from schemas.codec.wire import HEADER_BYTES
from schemas.readers.record_reader import RecordReader
from schemas.records import (
    Alert,
    Complaint,
    ComplaintAction,
    ComplaintAnswer,
    ComplaintCase,
    ComplaintEvent,
    DeadLetter,
    DeadLetterAction,
    OfficeCount,
    RatedService,
    Rating,
    Record,
    Satisfaction,
)
from schemas.topics import Topic
from schemas.vectorized.status_columns import CodedTexts, FieldColumn, StatusColumnReader, TextSpans
from sinks.clickhouse.mapping import tables
from sinks.clickhouse.mapping.insert_blocks import ColumnBlock, InsertBlock, ListBlock
from sinks.clickhouse.mapping.tables import Row, TableLayout
from sinks.clickhouse.native.columns import CodedColumn, NativeColumn, NumberColumn, TextColumn

R = TypeVar("R", bound=Record)

VERSION_BITS = 48

ORIGIN = ("row_version", "log_epoch", "log_partition", "log_offset")
"""The last columns of every table: version, and where the row came from."""


@dataclass(frozen=True, slots=True)
class ParsedBatch:
    """What a batch holds.

    Attributes:
        blocks: Its rows, in the order in which they must be inserted: the table whose rows give the position is last.
        rejects: The records that were refused.
    """

    blocks: Sequence[InsertBlock]
    rejects: Sequence[Reject]


class TopicReader(Protocol):
    """Reads batches of one topic into rows."""

    def read(self, batch: RawBatch, epoch: int) -> ParsedBatch:
        """Rows of the good records, and the refused ones; never raises for what a record holds."""


class StatusRows:
    """Statuses: every field of the newest schema is a column, and no record becomes a Python object."""

    def __init__(self, writer_schemas: WriterSchemas = pinned_only) -> None:
        self._reader = StatusColumnReader(writer_schemas)

    def read(self, batch: RawBatch, epoch: int) -> ParsedBatch:
        """As `TopicReader.read`."""
        found = self._reader.read_columns(batch)
        rows = len(found)
        if not rows:
            return ParsedBatch((), found.rejects)
        versions = found.checksums.astype(np.uint64) + np.uint64(epoch << VERSION_BITS)
        columns: dict[str, NativeColumn] = {name: _column(values) for name, values in found.fields.items()}
        columns["written_at"] = NumberColumn(found.timestamps)
        offsets = np.array(batch.offsets, np.int64)[found.index]
        origin = versions, np.full(rows, epoch), np.full(rows, batch.partition), offsets
        columns |= zip(ORIGIN, map(NumberColumn, origin), strict=True)
        return ParsedBatch([ColumnBlock("declaration_status", columns)], found.rejects)


def _column(values: FieldColumn) -> NativeColumn:
    match values:
        case TextSpans():
            return TextColumn.of(values)
        case CodedTexts():
            return CodedColumn(values)
    return NumberColumn(values)


class RecordRows(Generic[R]):
    """Any other topic: each record becomes rows of one or more tables.

    Args:
        topic: The topic.
        kind: Class of its records.
        tables: Tables in the order of insertion, and how a record becomes rows of them.
        version: Version of a record, from itself and its encoded body.
        writer_schemas: Where schemas that are not pinned come from.
    """

    def __init__(
        self,
        topic: Topic,
        kind: type[R],
        tables: Sequence[TableLayout[R]],
        version: Callable[[R, bytes], int],
        writer_schemas: WriterSchemas = pinned_only,
    ) -> None:
        self._reader = RecordReader(topic, kind, writer_schemas)
        self._tables = tables
        self._version = version

    def read(self, batch: RawBatch, epoch: int) -> ParsedBatch:
        """As `TopicReader.read`."""
        records = self._reader.read(batch)
        if not records.accepted:
            return ParsedBatch((), records.rejects)
        rows: list[list[Row]] = [[] for _table in self._tables]
        for index, record in records.accepted:
            value = batch.values[index]
            assert value is not None
            version = epoch << VERSION_BITS | self._version(record, value)
            origin = (version, epoch, batch.partition, batch.offsets[index])
            for table, found in zip(self._tables, rows, strict=True):
                found.extend((*row, *origin) for row in table.rows(record, batch.timestamps[index]))
        pairs = zip(self._tables, rows, strict=True)
        blocks = [ListBlock(table.name, (*table.columns, *ORIGIN), _columns(found)) for table, found in pairs if found]
        return ParsedBatch(blocks, records.rejects)


def _columns(rows: Sequence[Row]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _own(record: Any, _value: bytes) -> int:
    version: int = record.version
    return version


def _checksum(_record: Record, value: bytes) -> int:
    return zlib.crc32(memoryview(value)[HEADER_BYTES:])


def _once(_record: Record, _value: bytes) -> int:
    return 1


def readers(writer_schemas: WriterSchemas = pinned_only) -> Mapping[Topic, TopicReader]:
    """The reader of every topic."""
    given = writer_schemas
    return {
        Topic.DECLARATION_STATUS: StatusRows(given),
        Topic.RATING: RecordRows(Topic.RATING, Rating, (tables.RATING_ITEM, tables.RATING), _checksum, given),
        Topic.RATED_SERVICE: RecordRows(Topic.RATED_SERVICE, RatedService, (tables.RATED_SERVICE,), _own, given),
        Topic.SATISFACTION: RecordRows(Topic.SATISFACTION, Satisfaction, (tables.SATISFACTION,), _own, given),
        Topic.OFFICE_COUNT: RecordRows(Topic.OFFICE_COUNT, OfficeCount, (tables.OFFICE_COUNT,), _own, given),
        Topic.COMPLAINT: RecordRows(Topic.COMPLAINT, Complaint, (tables.COMPLAINT,), _own, given),
        Topic.COMPLAINT_ACTION: RecordRows(
            Topic.COMPLAINT_ACTION, ComplaintAction, (tables.COMPLAINT_ACTION,), _checksum, given
        ),
        Topic.COMPLAINT_CASE: RecordRows(Topic.COMPLAINT_CASE, ComplaintCase, (tables.COMPLAINT_CASE,), _own, given),
        Topic.COMPLAINT_EVENT: RecordRows(
            Topic.COMPLAINT_EVENT, ComplaintEvent, (tables.COMPLAINT_EVENT,), _own, given
        ),
        Topic.COMPLAINT_ANSWER: RecordRows(
            Topic.COMPLAINT_ANSWER, ComplaintAnswer, (tables.COMPLAINT_ANSWER,), _own, given
        ),
        Topic.ALERT: RecordRows(Topic.ALERT, Alert, (tables.ALERT,), _own, given),
        Topic.DEAD_LETTER: RecordRows(Topic.DEAD_LETTER, DeadLetter, (tables.DEAD_LETTER,), _once, given),
        Topic.DEAD_LETTER_ACTION: RecordRows(
            Topic.DEAD_LETTER_ACTION, DeadLetterAction, (tables.DEAD_LETTER_ACTION,), _own, given
        ),
    }
