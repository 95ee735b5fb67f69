"""One record to framed Avro bytes and back."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from fastavro import schemaless_reader, schemaless_writer

from schemas.catalogue import PINNED, latest, parsed
from schemas.codec.strict import has_bad_index, is_canonical
from schemas.codec.wire import HEADER_BYTES, MAX_RECORD_BYTES, frame_header, read_schema_id
from schemas.errors import PoisonRecord, Reason
from schemas.records.base import Record


class WriterSchemas(Protocol):
    """Where the schema of an id that is not pinned comes from: a Schema Registry, if one is configured."""

    def __call__(self, schema_id: int, subject: str) -> Any | None:
        """The physical, parsed schema; None when the id is unknown or belongs to another subject.

        Raises:
            Unavailable: The registry does not answer: the record is not at fault.
        """


_SUBJECTS = {pinned.schema_id: pinned.subject for pinned in PINNED}


def pinned_only(schema_id: int, subject: str) -> Any | None:
    """Knows the pinned schemas alone."""
    return parsed(schema_id) if _SUBJECTS.get(schema_id) == subject else None


def encoder(subject: str) -> Callable[[Mapping[str, Any]], bytes]:
    """A function that writes one record of a subject with its newest schema, framed.

    The function raises `PoisonRecord` when the record does not fit the schema or is too large.
    """
    pinned = latest(subject)
    schema, header = parsed(pinned.schema_id), frame_header(pinned.schema_id)

    def encode(record: Mapping[str, Any]) -> bytes:
        out = io.BytesIO()
        out.write(header)
        try:
            schemaless_writer(out, schema, record, strict=True)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise PoisonRecord(Reason.BAD_FIELD, f"record does not fit schema {pinned.filename}") from error
        value = out.getvalue()
        if len(value) > MAX_RECORD_BYTES:
            raise PoisonRecord(Reason.TOO_LARGE, f"record is larger than {MAX_RECORD_BYTES} bytes")
        return value

    return encode


def record_encoder(subject: str) -> Callable[[Record], bytes]:
    """As `encoder`, for typed records."""
    encode = encoder(subject)
    return lambda record: encode(record.to_avro())


BROKEN = (
    EOFError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    OverflowError,
    MemoryError,
    AttributeError,
    AssertionError,
    StopIteration,
    struct.error,
)
"""What fastavro raises on bytes that do not fit the schema: each means that the record is broken."""


def decoder(subject: str, writer_schemas: WriterSchemas = pinned_only) -> Callable[[bytes | None], dict[str, Any]]:
    """A function that reads one framed value into a record of the subject's newest schema.

    The function raises `PoisonRecord` when the value is broken, and whatever `writer_schemas` raises.
    """
    newest = latest(subject)
    reader_schema = parsed(newest.schema_id)

    def decode(value: bytes | None) -> dict[str, Any]:
        schema_id = read_schema_id(value)
        assert value is not None
        writer = writer_schemas(schema_id, subject)
        if writer is None:
            raise PoisonRecord(Reason.UNKNOWN_SCHEMA, f"schema id {schema_id} is not a schema of {subject}")
        body = io.BytesIO(value)
        body.seek(HEADER_BYTES)
        try:
            record = schemaless_reader(body, writer, None if schema_id == newest.schema_id else reader_schema)
        except BROKEN as error:
            raise PoisonRecord(Reason.CORRUPT, f"value cannot be read with schema id {schema_id}") from error
        if body.tell() != len(value):
            raise PoisonRecord(Reason.CORRUPT, "value has bytes after the end of the record")
        if not isinstance(record, dict):
            raise PoisonRecord(Reason.CORRUPT, "value is not a record")
        as_written = schema_id == newest.schema_id and is_canonical(value, writer, record)
        if not as_written and has_bad_index(value, writer):
            raise PoisonRecord(Reason.CORRUPT, "value has an index or a number that is out of range")
        return record

    return decode
