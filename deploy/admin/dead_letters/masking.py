"""Hide possible personal data in a refused record: only its structure and harmless values are shown.

A refused record may hold anything anywhere: a name in a field for codes, a telephone number in a key. So a text is
shown only where the contract expects a code and the text looks like one. Comments and contacts are never shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from deploy.admin.dead_letters.reader import Contents
from schemas.catalogue import PINNED, schema_json
from schemas.codec.record import WriterSchemas, decoder
from schemas.codec.wire import HEADER_BYTES, framed_id
from schemas.errors import PoisonRecord, Reason
from schemas.topics import Topic

PERSONAL = frozenset({"contact", "comment"})

_OFFICE = re.compile(r"[0-9]{2}[A-Z0-9]{0,4}")
_DECLARATION = re.compile(r"[13][0-9]{11}")
_KIND = re.compile(r"[A-Z][0-9]{2}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KEY = re.compile(rb"[13][0-9]{10}")
"""Declarations begin with 1 (import) or 3 (export); telephone numbers with 0 or 84, numbers of citizens with 0."""
_BEGINNINGS = {b"{": "JSON", b"[": "JSON", b"<": "XML", b"O": "perhaps an Avro file"}


def describe_key(key: bytes | None) -> str:
    """The key if it is the key of a declaration; else only its size."""
    if key is None:
        return "none"
    if _KEY.fullmatch(key):
        return key.decode()
    return f"{len(key):,} bytes, not shown: not the first 11 digits of a declaration number"


def describe_frame(value: bytes) -> str:
    """The frame header in hexadecimal, or what is there instead; never a byte that could be part of a text."""
    if not value:
        return "no value"
    schema_id = framed_id(value)
    if schema_id is not None:
        return f"{value[:HEADER_BYTES].hex(' ')}  (magic byte 0, schema id {schema_id})"
    if value[:1] == b"\x00":
        return "begins with the magic byte 0, without a schema id after it"
    kind = _BEGINNINGS.get(value[:1])
    return "no magic byte" + ("" if kind is None else f"; looks like {kind}")


def decode_masked(contents: Contents, writer_schemas: WriterSchemas) -> Any | str:
    """The record as nested mappings with possible personal data hidden, or a sentence why it cannot be decoded.

    Raises:
        Unavailable: The Schema Registry does not answer.
    """
    entry = contents.entry
    origin = entry.origin
    if origin is None:
        return f"not decoded: {entry.topic} is not one of hailong's topics"
    if origin is Topic.DEAD_LETTER:
        return "not decoded: the record is itself a dead letter"
    if entry.kept_size < entry.value_size:
        return f"not decoded: only {entry.kept_size:,} of {entry.value_size:,} bytes were kept"
    try:
        record = decoder(origin.subject, writer_schemas)(contents.value)
    except PoisonRecord as poison:
        return f"not decoded: {poison.detail}"
    broken = entry.detail.split(" ")[0] if entry.reason == Reason.BAD_FIELD else None
    return mask(record, broken)


def _harmless(name: str, text: str) -> bool:
    """Whether a text is a symbol of the schemas, a code of an office or team, a declaration number or a UUID."""
    return (
        text in _symbols()
        or _UUID.fullmatch(text) is not None
        or (name == "declaration_no" and _DECLARATION.fullmatch(text) is not None)
        or (name == "kind" and _KIND.fullmatch(text) is not None)
        or (name in {"office", "target_id", "team"} and _OFFICE.fullmatch(text) is not None)
    )


def _with_time(at_ms: int) -> str:
    """A time as the number in the record and as a date, if it is one."""
    try:
        return f"{at_ms} = {datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (OverflowError, OSError, ValueError):
        return f"{at_ms} = not a valid date"


@cache
def _symbols() -> frozenset[str]:
    return frozenset(symbol for pinned in PINNED for symbol in _symbols_of(schema_json(pinned.schema_id)))


def _symbols_of(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        yield from schema.get("symbols", ())
        for part in schema.values():
            yield from _symbols_of(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _symbols_of(part)


def mask(value: Any, broken: str | None = None, path: str = "") -> Any:
    """A decoded value with possible personal data hidden.

    Args:
        value: The value.
        broken: Path of the field that broke a rule, such as `items[2].office`: it may hold anything.
        path: Path of the value.
    """
    name = path.rsplit(".", 1)[-1]
    if value is None or isinstance(value, bool | int | float):
        return _with_time(value) if name.endswith("_at") and isinstance(value, int) else value
    if name in PERSONAL or path == broken:
        why = "personal" if name in PERSONAL else "broke the rule"
        return f"({why}: {len(value):,} {'bytes' if isinstance(value, bytes) else 'characters'}, hidden)"
    if isinstance(value, Mapping):
        return {key: mask(one, broken, f"{path}.{key}" if path else str(key)) for key, one in value.items()}
    if isinstance(value, str):
        return value if _harmless(name, value) else f"({len(value):,} characters, hidden)"
    if isinstance(value, bytes):
        return f"({len(value):,} bytes, hidden)"
    assert isinstance(value, Sequence)
    return [mask(one, broken, f"{path}[{index}]") for index, one in enumerate(value)]
