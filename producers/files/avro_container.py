"""Avro container files: their header, and their records one by one.

This does not use `fastavro.reader`: it bounds the memory whatever a file claims, and a damaged record costs only the
rest of its block, not the rest of the file.

Source: Apache Avro 1.12 specification, "Object Container Files".
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastavro import parse_schema, schemaless_reader
from fastavro.schema import SchemaParseException, UnknownType

from producers.files.avro_blocks import MAGIC, SYNC_BYTES, AvroBlock, BlockReader, DamagedBlock, long_at
from producers.files.avro_codecs import MAX_BLOCK_BYTES, UNPACKERS
from producers.files.avro_schema import least_bytes, problem_of, with_times_only
from producers.files.names import said
from producers.files.report import MAX_NAMES, FileUnusable, ParsedLine, fault
from schemas.codec.record import BROKEN

MAX_HEADER_ENTRIES = 100
MAX_HEADER_BYTES = 1 << 20
MAX_RECORD_BYTES = 1 << 18
"""A rating of 50 items with the longest comment has about 20,000 bytes. The limit is one of memory: a record may hold a
list of one-byte records, each about 200 bytes in Python, and the rules can only check a list after it was decoded."""

_LONGEST_LONG = 10
_UNREADABLE_HEADER = "is no Avro container file: its header cannot be read; export or copy it again"


@dataclass(frozen=True, slots=True)
class AvroFile:
    """An Avro container file after its header."""

    names: Sequence[str]  # of its fields
    _schema: dict[str, Any]
    _blocks: BlockReader

    def records(self, kept: Sequence[str | None]) -> Iterator[ParsedLine]:
        """The records, numbered from 1, read lazily.

        Args:
            kept: The names, with None for those to pass over.

        Raises:
            FileUnusable: A field has a type that is not read, or the file is damaged and does not go on.
        """
        types = [field["type"] for field in self._schema["fields"]]
        found = [
            (name, problem_of(kind, known=use is not None))
            for name, kind, use in zip(self.names, types, kept, strict=True)
        ]
        problems = [fault(said(name), problem) for name, problem in found if problem is not None]
        if problems:
            raise FileUnusable(1, problems[:MAX_NAMES])
        if not least_bytes(self._schema):
            raise FileUnusable(1, [fault("file", "has a schema whose records need no bytes: nothing can be in it")])
        return self._all(frozenset(name for name, use in zip(self.names, kept, strict=True) if use is None))

    def _all(self, passed_over: frozenset[str]) -> Iterator[ParsedLine]:
        number, block = 1, 1
        while (part := self._blocks.next()) is not None:
            if isinstance(part, AvroBlock):
                for line in _of_block(part, self._schema, number):
                    yield _without(line, passed_over) if passed_over else line
                number += part.records
            else:
                yield from _damaged(part, number, block)
                number += part.records or 0
            block += 1


def open_avro(content: io.BufferedReader[Any]) -> AvroFile:
    """Read the header.

    Raises:
        FileUnusable: It is not an Avro file, or not one of records in a codec that is read.
    """
    try:
        meta, sync = _header(content)
        document = with_times_only(json.loads(meta.get("avro.schema", b"null")))
        schema = parse_schema(document)
        codec = meta.get("avro.codec", b"null").decode("ascii", "replace")
    except (*BROKEN, OSError, zlib.error, RecursionError, SchemaParseException, UnknownType):
        raise FileUnusable(1, [fault("file", _UNREADABLE_HEADER)]) from None
    if codec not in UNPACKERS:
        rule = f"has the codec {said(codec)}: write it with one of {', '.join(UNPACKERS)}"
        raise FileUnusable(1, [fault("file", rule)])
    if not isinstance(schema, dict) or schema.get("type") != "record" or not schema["fields"]:
        raise FileUnusable(
            1, [fault("file", "has a schema that is no record with fields: each record must be one event")]
        )
    names = [field["name"] for field in schema["fields"]]
    return AvroFile(names, schema, BlockReader(content, sync, UNPACKERS[codec]))


def _without(line: ParsedLine, passed_over: frozenset[str]) -> ParsedLine:
    if line.fields is None:
        return line
    return ParsedLine(line.line, {name: value for name, value in line.fields.items() if name not in passed_over})


def _damaged(part: DamagedBlock, number: int, block: int) -> Iterator[ParsedLine]:
    before = f"{number - 1:,} records came before it"
    if not part.goes_on:
        raise FileUnusable(number, [fault("file", f"cannot be read from block {block} on: {part.reason}; {before}")])
    if part.records == 0:
        return
    held = f"of {part.records:,} records " if part.records else ""
    rule = f"block {block} {held}is damaged: {part.reason}; {before}, and reading goes on behind it"
    yield ParsedLine(number, None, [fault("file", rule)], min(part.records or 1, MAX_BLOCK_BYTES))


def _of_block(block: AvroBlock, schema: dict[str, Any], number: int) -> Iterator[ParsedLine]:
    """The records of a block, decoded through a window, which bounds the size of one record."""
    start, window = 0, block.data[:MAX_RECORD_BYTES]
    body = io.BytesIO(window)
    for line in range(number, number + block.records):
        at = body.tell()
        record = _record(body, schema, len(window))
        is_last_window = start + len(window) >= len(block.data)
        if not is_last_window and (record is None or body.tell() >= len(window)):
            # Perhaps cut by the end of the window: read it again at the beginning of the next one.
            start += at
            window = block.data[start : start + MAX_RECORD_BYTES]
            body = io.BytesIO(window)
            record = _record(body, schema, len(window))
        if record is None:
            rest = min(number + block.records - line, len(block.data))  # each needs a byte at least
            reason = f", and with it the rest of its block ({rest:,} records)" if rest > 1 else ""
            yield ParsedLine(line, None, [fault("record", f"does not fit the schema of the file{reason}")], rest)
            return
        yield ParsedLine(line, record)


def _record(body: io.BytesIO, schema: dict[str, Any], size: int) -> dict[str, object] | None:
    if body.tell() >= size:
        return None
    try:
        record = schemaless_reader(body, schema, None)
    except (*BROKEN, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _header(content: io.BufferedReader[Any]) -> tuple[Mapping[str, bytes], bytes]:
    if content.read(len(MAGIC)) != MAGIC:
        raise EOFError
    meta: dict[str, bytes] = {}
    entries, room = 0, MAX_HEADER_BYTES
    while count := _long(content):
        if count < 0:
            _long(content)
        entries += abs(count)
        if entries > MAX_HEADER_ENTRIES:
            raise ValueError(f"the header has more than {MAX_HEADER_ENTRIES} entries")
        for _ in range(abs(count)):
            key = _bytes(content, room)
            room -= len(key)
            value = _bytes(content, room)
            room -= len(value)
            meta[key.decode("utf-8")] = value
    return meta, _exactly(content, SYNC_BYTES)


def _bytes(content: io.BufferedReader[Any], limit: int) -> bytes:
    size = _long(content)
    if not 0 <= size <= limit:
        raise ValueError(f"a part is larger than {limit} bytes")
    return _exactly(content, size)


def _exactly(content: io.BufferedReader[Any], size: int) -> bytes:
    part = content.read(size)
    if len(part) < size:
        raise EOFError
    return bytes(part)


def _long(content: io.BufferedReader[Any]) -> int:
    data = bytearray()
    while not data or data[-1] >= 0x80:
        data += _exactly(content, 1)
        if len(data) > _LONGEST_LONG:
            raise ValueError("a number is longer than 64 bits")
    return long_at(data, 0)[0]
