"""Avro container files, block by block.

This does not use `fastavro.reader`: decoding block by block checks the size of a block before it is unpacked, and a
damaged record costs only the rest of its block, not the rest of the file.

Source: Apache Avro 1.12 specification, "Object Container Files".
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastavro import parse_schema, schemaless_reader
from fastavro.schema import SchemaParseException, UnknownType

from producers.files.report import FileUnusable, ParsedLine, fault
from schemas.codec.record import BROKEN

MAX_HEADER_ENTRIES = 100
MAX_HEADER_BYTES = 1 << 20
MAX_BLOCK_BYTES = 2 << 20
MAX_UNPACKED_BYTES = 2 << 20
"""Writers end a block at 16 or 64 KiB. A much larger block is a mistake or an attack on our memory: it may hold a list
of one-byte records, each about 200 bytes in Python, and the rules can only check a list after it was decoded."""

_MAGIC, _SYNC_BYTES = b"Obj\x01", 16
_PLAIN = {"null", "boolean", "int", "long", "bytes", "string"}


def read_avro(content: io.BufferedReader[Any], known: Sequence[str]) -> tuple[Sequence[str], Iterator[ParsedLine]]:
    """Names of the fields, each among `known`, and the records, numbered from 1; the records are read lazily.

    Raises:
        FileUnusable: It is not an Avro file, or not one that can be used.
    """
    try:
        meta, sync = _header(content)
        document = json.loads(meta.get("avro.schema", b"null"))
        schema = parse_schema(document)
    except (*BROKEN, OSError, zlib.error, RecursionError, SchemaParseException, UnknownType):
        raise FileUnusable(1, [fault("file", "must be an Avro container file; its header cannot be read")]) from None
    codec = meta.get("avro.codec", b"null").decode("ascii", "replace")
    if codec not in ("null", "deflate"):
        raise FileUnusable(1, [fault("file", "must be written with codec null or deflate")])
    fields = schema.get("fields", ()) if isinstance(schema, dict) else ()
    names = [field["name"] for field in fields]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise FileUnusable(
            1, [fault(name[:64], f"is not a known field; fields are: {', '.join(known)}") for name in unknown]
        )
    if not fields or not all(_is_plain(field["type"], 0) for field in fields):
        rule = "must have a schema of records with texts, numbers, enums, bytes and lists of such records only"
        raise FileUnusable(1, [fault("file", rule)])
    return names, _records(content, schema, sync, codec)


def _header(content: io.BufferedReader[Any]) -> tuple[Mapping[str, bytes], bytes]:
    content.read(len(_MAGIC))
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
    return meta, _exactly(content, _SYNC_BYTES)


def _is_plain(kind: Any, depth: int) -> bool:
    """Whether the bytes of a value bound its size in memory; a list of nulls, for example, needs no bytes at all."""
    if isinstance(kind, list):
        return all(_is_plain(branch, depth + 1) for branch in kind)
    if isinstance(kind, str):
        return kind in _PLAIN
    if kind["type"] == "array":
        items = kind["items"]
        return depth < 3 and isinstance(items, dict) and items["type"] == "record" and _is_plain(items, depth + 1)
    if kind["type"] == "record":
        sized = [field["type"] for field in kind["fields"] if field["type"] != "null"]
        return depth < 3 and bool(sized) and all(_is_plain(part, depth + 1) for part in sized)
    return kind["type"] == "enum" or kind["type"] in _PLAIN


def _records(content: io.BufferedReader[Any], schema: Any, sync: bytes, codec: str) -> Iterator[ParsedLine]:
    number = 1
    while True:
        try:
            if not content.peek(1):
                return
            count, block = _next_block(content, sync, codec)
        except (OSError, EOFError, zlib.error, ValueError) as error:
            rule = f"is damaged from this record on ({error if isinstance(error, ValueError) else 'cut'})"
            raise FileUnusable(number, [fault("file", rule)]) from None
        yield from _of_block(block, schema, number, count)
        number += count


def _next_block(content: io.BufferedReader[Any], sync: bytes, codec: str) -> tuple[int, bytes]:
    count, packed = _long(content), _bytes(content, MAX_BLOCK_BYTES)
    if not 0 <= count <= MAX_UNPACKED_BYTES or _exactly(content, _SYNC_BYTES) != sync:
        raise ValueError("a block is not closed")
    return count, packed if codec == "null" else _unpacked(packed)


def _of_block(block: bytes, schema: Any, number: int, count: int) -> Iterator[ParsedLine]:
    body = io.BytesIO(block)
    for line in range(number, number + count):
        try:
            if body.tell() == len(block):
                raise EOFError
            record = schemaless_reader(body, schema, None)
        except (*BROKEN, RecursionError):
            rest = number + count - line
            rule = (
                f"cannot be read, and with it the rest of its block ({rest} records)" if rest > 1 else "cannot be read"
            )
            yield ParsedLine(line, None, [fault("record", rule)])
            return
        yield ParsedLine(line, record if isinstance(record, dict) else None, [])


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


def _unpacked(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    block = unpacker.decompress(packed, MAX_UNPACKED_BYTES)
    if unpacker.unconsumed_tail:
        raise ValueError(f"block unpacks to more than {MAX_UNPACKED_BYTES} bytes")
    if not unpacker.eof:
        raise EOFError
    return block


def _long(content: io.BufferedReader[Any]) -> int:
    value = shift = 0
    while True:
        byte = content.read(1)
        if not byte:
            raise EOFError
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return (value >> 1) ^ -(value & 1)
        shift += 7
        if shift > 63:
            raise ValueError("a number is longer than 64 bits")
