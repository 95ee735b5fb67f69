"""From batches of Kafka records to blocks of columns: one mapping a topic."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from schemas.batch import RawBatch, Reject
from schemas.codec import WriterSchemas, pinned_only
from schemas.readers import RecordReader, StatusReader
from schemas.records import (
    Alert,
    Complaint,
    DeadLetter,
    OfficeCount,
    RatedService,
    Rating,
    Record,
    Satisfaction,
)
from schemas.topics import Topic
from schemas.wire import HEADER_BYTES

_VERSION_BITS = 48
_WINDOWS = (("pane", 300), ("hour", 3600), ("day", 86_400), ("week", 604_800), ("month", 2_592_000))


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one table, as columns of equal length.

    Attributes:
        table: Table name.
        columns: Column names and their values, in the order of insertion.
        origin: For each row the place of its record in the batch.
    """

    table: str
    columns: dict[str, Sequence[Any]]
    origin: Sequence[int]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.origin)


@dataclass(frozen=True, slots=True)
class Blocks:
    """What a batch becomes.

    Attributes:
        blocks: In the order in which they must be inserted: a position is recorded with the last one.
        rejects: Records that cannot be read.
    """

    blocks: Sequence[Block]
    rejects: Sequence[Reject] = field(default=())


def row_version(epoch: int, version: int) -> int:
    """Version of a row: the newest log wins, and within a log the newest version of the record."""
    return epoch << _VERSION_BITS | version


class BlockMaker:
    """Turns batches of any topic into blocks."""

    def __init__(self, writer_schemas: WriterSchemas = pinned_only) -> None:
        self._statuses = StatusReader(writer_schemas)
        kinds: dict[Topic, type[Record]] = {
            Topic.RATING: Rating,
            Topic.RATED_SERVICE: RatedService,
            Topic.SATISFACTION: Satisfaction,
            Topic.OFFICE_COUNT: OfficeCount,
            Topic.COMPLAINT: Complaint,
            Topic.ALERT: Alert,
            Topic.DEAD_LETTER: DeadLetter,
        }
        self._readers = {topic: RecordReader(topic, kind, writer_schemas) for topic, kind in kinds.items()}

    def make(self, batch: RawBatch, epoch: int) -> Blocks:
        """Blocks of a batch that belongs to a log with this epoch; never raises for what a record holds."""
        if batch.topic is Topic.DECLARATION_STATUS:
            return self._status_blocks(batch, epoch)
        records = self._readers[batch.topic].read(batch)
        accepted: Sequence[tuple[int, Any]] = records.accepted
        return Blocks(list(_MAKERS[batch.topic](batch, accepted, epoch)), records.rejects)

    def _status_blocks(self, batch: RawBatch, epoch: int) -> Blocks:
        columns = self._statuses.read(batch)
        frame = columns.frame
        base = row_version(epoch, 0)
        values: dict[str, Sequence[Any]] = {}
        for name in ("event_id", "declaration_no", "status", "occurred_at", "office"):
            values[name] = frame[name].to_list()
        for name in ("team", "step", "official", "channel", "kind", "tax_code", "source_message"):
            values[name] = frame[name].fill_null("").to_list()
        values["row_version"] = [base | crc for crc in frame["crc"].to_list()]
        index = frame["index"].to_list()
        values |= _origin(batch, epoch, index)
        return Blocks([Block("declaration_status", values, index)], columns.rejects)


def _origin(batch: RawBatch, epoch: int, index: Sequence[int]) -> dict[str, Sequence[Any]]:
    offsets = batch.offsets
    return {
        "epoch": [epoch] * len(index),
        "partition": [batch.partition] * len(index),
        "offset": [offsets[place] for place in index],
    }


Accepted = Sequence[tuple[int, Any]]
Maker = Callable[[RawBatch, Accepted, int], Iterator[Block]]


def _table(
    name: str, fields: dict[str, Callable[[Any], Any]]
) -> Callable[[RawBatch, Sequence[tuple[int, Any]], Sequence[int], int], Block]:
    """A mapping from records to one table: each column by a function of its record."""

    def make(batch: RawBatch, rows: Sequence[tuple[int, Any]], versions: Sequence[int], epoch: int) -> Block:
        index = [place for place, _record in rows]
        columns: dict[str, Sequence[Any]] = {
            column: [get(record) for _place, record in rows] for column, get in fields.items()
        }
        columns["row_version"] = [row_version(epoch, version) for version in versions]
        columns |= _origin(batch, epoch, index)
        return Block(name, columns, index)

    return make


def _same(*names: str) -> dict[str, Callable[[Any], Any]]:
    """Columns that carry a field of the same name as it is."""
    return {name: _getter(name) for name in names}


def _getter(name: str) -> Callable[[Any], Any]:
    return lambda record: getattr(record, name)


def _text(*names: str) -> dict[str, Callable[[Any], Any]]:
    """Columns in which an absent text is an empty one."""
    return {name: _text_getter(name) for name in names}


def _text_getter(name: str) -> Callable[[Any], Any]:
    return lambda record: getattr(record, name) or ""


def _ids(*names: str) -> dict[str, Callable[[Any], Any]]:
    return {name: _id_getter(name) for name in names}


def _id_getter(name: str) -> Callable[[Any], Any]:
    return lambda record: UUID(getattr(record, name))


_RATING = _table(
    "rating",
    {
        **_same("sheet_id", "revision", "declaration_no"),
        **_text("tax_code"),
        **_same("submitted_at", "phase"),
        "items": lambda r: len(r.items),
        "has_comment": lambda r: bool(r.comment),
        "comment_length": lambda r: len(r.comment or ""),
        "has_contact": lambda r: r.contact is not None,
    },
)
_RATING_ITEM = _table(
    "rating_item",
    {
        "declaration": lambda pair: int(pair[0].declaration_no[:11]),
        "sheet_id": lambda pair: pair[0].sheet_id,
        "revision": lambda pair: pair[0].revision,
        "target": lambda pair: pair[1].target,
        "office": lambda pair: pair[1].office,
        "target_id": lambda pair: pair[1].target_id,
        "score": lambda pair: pair[1].score,
        "reason": lambda pair: pair[1].reason or "",
        "submitted_at": lambda pair: pair[0].submitted_at,
    },
)
_RATED_SERVICE = _table(
    "rated_service",
    {
        **_ids("fact_id"),
        **_same("version", "state", "sheet_id", "revision", "declaration_no", "submitted_at", "phase"),
        **_same("target", "office", "target_id", "score"),
        **_text("reason"),
        **_same("score_since", "target_known", "has_comment", "has_contact"),
        **_text("tax_code", "declaration_office", "declaration_team", "status", "channel", "kind"),
        **_same("status_count", "registered_at", "permitted_at"),
        **_same("document_minutes", "goods_minutes", "clearance_minutes", "on_time"),
    },
)
_OFFICE_COUNT = _table(
    "office_count",
    _same("office", "pane_start", "opinions", "dissatisfied", "enterprises", "drivers", "complaint_ids", "version"),
)
_COMPLAINT = _table(
    "complaint",
    {
        **_ids("complaint_id"),
        **_same("version", "sheet_id", "office", "declaration_no"),
        **_text("tax_code"),
        **_same("track", "state", "opened_at", "first_deadline_at", "first_deadline_rule"),
        **_same("resolve_deadline_at", "resolve_deadline_rule", "lowest_score"),
        "low_targets": lambda c: [f"{item.target}:{item.target_id}" for item in c.low_items],
        "low_scores": lambda c: [item.score for item in c.low_items],
        "low_reasons": lambda c: [item.reason or "" for item in c.low_items],
        **_same("excluded_officials", "has_comment", "has_contact"),
    },
)
_ALERT = _table(
    "alert",
    {
        **_ids("alert_id"),
        **_same("version", "office", "state", "detector", "raised_at", "updated_at", "cleared_at", "window_seconds"),
        **_same("opinions", "dissatisfied", "enterprises", "baseline", "baseline_strength", "expected"),
        **_same("tail_probability", "adjusted_probability", "cusum"),
        "driver_names": lambda a: [driver.name for driver in a.drivers],
        "driver_counts": lambda a: [driver.low_scores for driver in a.drivers],
        **_same("complaint_ids", "summary_vi", "summary_en"),
    },
)
_DEAD_LETTER = _table(
    "dead_letter",
    {
        **_ids("dead_letter_id"),
        **_same("stage"),
        "origin_topic": lambda d: d.topic,
        "origin_topic_id": lambda d: d.topic_id,
        "origin_partition": lambda d: d.partition,
        "origin_offset": lambda d: d.offset,
        **_same("recorded_at", "reason", "detail", "schema_id", "value_size"),
    },
)
_SATISFACTION = _table(
    "satisfaction",
    {
        "target": lambda row: row[0].target,
        "office": lambda row: row[0].office,
        "target_id": lambda row: row[0].target_id,
        "window_seconds": lambda row: row[1],
        "window_end": lambda row: row[0].window_end,
        "n1": lambda row: row[2][0],
        "n2": lambda row: row[2][1],
        "n3": lambda row: row[2][2],
        "n4": lambda row: row[2][3],
        "n5": lambda row: row[2][4],
        "version": lambda row: row[0].version,
    },
)


def _ratings(batch: RawBatch, accepted: Accepted, epoch: int) -> Iterator[Block]:
    checksums = [zlib.crc32(memoryview(batch.values[place] or b"")[HEADER_BYTES:]) for place, _ in accepted]
    items = [
        ((place, (record, item)), checksum)
        for (place, record), checksum in zip(accepted, checksums, strict=True)
        for item in record.items
    ]
    yield _RATING_ITEM(batch, [row for row, _ in items], [checksum for _, checksum in items], epoch)
    yield _RATING(batch, accepted, checksums, epoch)


def _windows(batch: RawBatch, accepted: Accepted, epoch: int) -> Iterator[Block]:
    rows = [
        (place, (record, seconds, getattr(record, name))) for place, record in accepted for name, seconds in _WINDOWS
    ]
    yield _SATISFACTION(batch, rows, [row[0].version for _place, row in rows], epoch)


def _plain(
    make: Callable[[RawBatch, Accepted, Sequence[int], int], Block],
) -> Maker:
    def blocks(batch: RawBatch, accepted: Accepted, epoch: int) -> Iterator[Block]:
        yield make(batch, accepted, [getattr(record, "version", 1) for _place, record in accepted], epoch)

    return blocks


_MAKERS: dict[Topic, Maker] = {
    Topic.RATING: _ratings,
    Topic.SATISFACTION: _windows,
    Topic.RATED_SERVICE: _plain(_RATED_SERVICE),
    Topic.OFFICE_COUNT: _plain(_OFFICE_COUNT),
    Topic.COMPLAINT: _plain(_COMPLAINT),
    Topic.ALERT: _plain(_ALERT),
    Topic.DEAD_LETTER: _plain(_DEAD_LETTER),
}
