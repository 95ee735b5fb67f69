"""Rows of every table, in columns, from batches of every topic.

`row_version` has the epoch of the log in its upper 16 bits and the record's own version in the lower 48. So a newer log
always wins, and within one log a higher version (docs/adr/0006).
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
from schemas.records.alerts import Alert, AlertAction
from schemas.records.base import Record
from schemas.records.cases import ComplaintAction, ComplaintAnswer, ComplaintCase, ComplaintEvent
from schemas.records.complaints import Complaint
from schemas.records.dead_letters import DeadLetter, DeadLetterAction
from schemas.records.events import Rating
from schemas.records.facts import OfficeCount, RatedService, Satisfaction
from schemas.topics import Topic
from schemas.vectorized.status_columns import CodedTexts, FieldColumn, StatusColumnReader, TextSpans
from sinks.clickhouse.mapping import tables
from sinks.clickhouse.mapping.insert_blocks import ColumnBlock, InsertBlock, ListBlock
from sinks.clickhouse.mapping.tables import Row, TableLayout
from sinks.clickhouse.native.columns import CodedColumn, NativeColumn, NumberColumn, TextColumn

R = TypeVar("R", bound=Record)

VERSION_BITS = 48

ORIGIN = ("row_version", "log_epoch", "log_partition", "log_offset")
"""The last columns of every table: the version, and where the row came from."""


@dataclass(frozen=True, slots=True)
class ParsedBatch:
    """The contents of a batch."""

    blocks: Sequence[InsertBlock]  # in the order of insertion; the rows of the last say that the record is stored
    rejects: Sequence[Reject]


class TopicReader(Protocol):
    """Reads batches of one topic into rows."""

    def read(self, batch: RawBatch, epoch: int) -> ParsedBatch:
        """Rows of the good records, and the refused records; never raises for the contents of a record."""


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


_RECORDS: Mapping[Topic, tuple[type[Any], Sequence[TableLayout[Any]], Callable[[Any, bytes], int]]] = {
    Topic.RATING: (Rating, (tables.RATING_ITEM, tables.RATING), _checksum),
    Topic.RATED_SERVICE: (RatedService, (tables.RATED_SERVICE,), _own),
    Topic.SATISFACTION: (Satisfaction, (tables.SATISFACTION,), _own),
    Topic.OFFICE_COUNT: (OfficeCount, (tables.OFFICE_COUNT,), _own),
    Topic.COMPLAINT: (Complaint, (tables.COMPLAINT,), _own),
    Topic.COMPLAINT_ACTION: (ComplaintAction, (tables.COMPLAINT_ACTION,), _checksum),
    Topic.COMPLAINT_CASE: (ComplaintCase, (tables.COMPLAINT_CASE,), _own),
    Topic.COMPLAINT_EVENT: (ComplaintEvent, (tables.COMPLAINT_EVENT,), _own),
    Topic.COMPLAINT_ANSWER: (ComplaintAnswer, (tables.COMPLAINT_ANSWER,), _own),
    Topic.ALERT: (Alert, (tables.ALERT,), _own),
    Topic.ALERT_ACTION: (AlertAction, (tables.ALERT_ACTION,), _checksum),
    Topic.DEAD_LETTER: (DeadLetter, (tables.DEAD_LETTER,), _once),
    Topic.DEAD_LETTER_ACTION: (DeadLetterAction, (tables.DEAD_LETTER_ACTION,), _own),
}
"""For each topic of nested records their class, the tables in the order of insertion, and the version of a record."""


def readers(writer_schemas: WriterSchemas = pinned_only) -> Mapping[Topic, TopicReader]:
    """The reader of every topic."""
    records = {topic: RecordRows(topic, *how, writer_schemas) for topic, how in _RECORDS.items()}
    return {Topic.DECLARATION_STATUS: StatusRows(writer_schemas), **records}
