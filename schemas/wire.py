"""Confluent wire format: a zero byte, the schema id as four bytes big-endian, the Avro body.

Source: Confluent Schema Registry documentation, "Wire format".
"""

from __future__ import annotations

import struct

from schemas.errors import PoisonRecord, Reason

MAX_RECORD_BYTES = 1_000_000
"""Largest value we write or read; just under Kafka's own default limit of a record batch (1 MiB)."""

HEADER_BYTES = 5
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
    if len(value) < HEADER_BYTES or value[0] != 0:
        raise PoisonRecord(Reason.NOT_FRAMED, "value does not start with the Confluent magic byte and schema id")
    schema_id: int = _HEADER.unpack_from(value)[1]
    return schema_id
