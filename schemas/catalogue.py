"""The pinned schemas: which id belongs to which `.avsc` file.

Ids are pinned here so that a process needs no registry to start. A published id never changes its
meaning: a new version of a subject gets a new file and a new id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from fastavro import parse_schema


@dataclass(frozen=True, slots=True)
class PinnedSchema:
    """One published schema.

    Attributes:
        schema_id: The id in the wire format.
        subject: The kind of record; also the stem of the topic's name.
        version: Version within the subject, from 1.
    """

    schema_id: int
    subject: str
    version: int

    @property
    def filename(self) -> str:
        """Name of its file in `schemas/avro/`."""
        return f"{self.subject}.v{self.version}.avsc"


PINNED = (
    PinnedSchema(101, "declaration-status", 1),
    PinnedSchema(102, "rating", 1),
    PinnedSchema(103, "rated-service", 1),
    PinnedSchema(104, "satisfaction", 1),
    PinnedSchema(105, "complaint", 1),
    PinnedSchema(106, "alert", 1),
    PinnedSchema(107, "office-count", 1),
    PinnedSchema(108, "dead-letter", 1),
    PinnedSchema(109, "dead-letter-action", 1),
    PinnedSchema(110, "complaint", 2),
    PinnedSchema(111, "complaint-action", 1),
    PinnedSchema(112, "complaint-case", 1),
    PinnedSchema(113, "complaint-event", 1),
    PinnedSchema(114, "complaint-answer", 1),
    PinnedSchema(115, "contact-key", 1),
    PinnedSchema(116, "office-count", 2),
    PinnedSchema(117, "alert", 2),
    PinnedSchema(118, "rated-service", 2),
    PinnedSchema(119, "rated-service", 3),
    PinnedSchema(120, "rated-service", 4),
    PinnedSchema(121, "complaint", 3),
    PinnedSchema(122, "alert-action", 1),
    PinnedSchema(123, "alert", 3),
    PinnedSchema(124, "office-count", 3),
)


@cache
def schema_json(schema_id: int) -> Mapping[str, Any]:
    """The schema as published, logical types included.

    Raises:
        KeyError: The id is not pinned.
    """
    pinned = {p.schema_id: p for p in PINNED}[schema_id]
    text = files("schemas").joinpath("avro", pinned.filename).read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = json.loads(text)
    return loaded


def physical(schema: Any) -> Any:
    """The schema without logical types: times are read as integers, which are fast, exact and need no time zone."""
    if isinstance(schema, dict):
        plain = {key: physical(value) for key, value in schema.items() if key != "logicalType"}
        return plain["type"] if plain.keys() == {"type"} else plain
    if isinstance(schema, list):
        return [physical(part) for part in schema]
    return schema


@cache
def latest(subject: str) -> PinnedSchema:
    """The newest version of a subject: we write with it, and read every other version as it.

    Raises:
        KeyError: No such subject.
    """
    versions = [pinned for pinned in PINNED if pinned.subject == subject]
    if not versions:
        raise KeyError(subject)
    return max(versions, key=lambda pinned: pinned.version)


@cache
def parsed(schema_id: int) -> Any:
    """The physical schema, parsed for fastavro."""
    return parse_schema(physical(schema_json(schema_id)))
