"""Confluent wire format: a zero byte, the schema id as four bytes big-endian, the Avro body.

Source: Confluent Schema Registry documentation, "Wire format".
"""

from __future__ import annotations

import struct

from schemas.errors import PoisonRecord, Reason

MAX_RECORD_BYTES = 1_000_000
"""Largest value we write or read; just under Kafka's own default limit of a record batch (1 MiB)."""

HEADER_BYTES = 5
MAX_SCHEMA_ID = (1 << 31) - 1
"""Ids are positive 32-bit integers. A larger one would not fit the dead letter that reports it."""

_HEADER = struct.Struct(">bI")


def frame_header(schema_id: int) -> bytes:
    """The five bytes that precede every body written with this schema."""
    return _HEADER.pack(0, schema_id)


def read_schema_id(value: bytes | None) -> int:
    """Schema id of a framed value.

    Raises:
        PoisonRecord: The value is missing, too large or not framed.
    """
    if not value:
        raise PoisonRecord(Reason.EMPTY, "value is empty")
    if len(value) > MAX_RECORD_BYTES:
        raise PoisonRecord(Reason.TOO_LARGE, f"value is larger than {MAX_RECORD_BYTES} bytes")
    schema_id = framed_id(value)
    if schema_id is None:
        raise PoisonRecord(Reason.NOT_FRAMED, "value does not start with the Confluent magic byte and a schema id")
    return schema_id


def framed_id(value: bytes | None) -> int | None:
    """Schema id of a value that may be anything; None where it holds none."""
    if value is None or len(value) < HEADER_BYTES:
        return None
    magic, schema_id = _HEADER.unpack_from(value)
    return int(schema_id) if magic == 0 and schema_id <= MAX_SCHEMA_ID else None
