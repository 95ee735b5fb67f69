"""Enums that can never get another symbol, each with its reason; every other enum has a default.

A reader takes a symbol that it does not know for the enum's default. An enum without a default cannot grow within its
topic: a record with a new symbol is a dead letter for every older reader, so the change needs a new topic.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.evolution.schema_checks import join

CLOSED_ENUMS = {
    "AlertState": "a reader must know whether an alert is over",
    "ComplaintState": "the low scores of a sheet still stand, or they do not",
    "MatchState": "the three states add up to all accepted items",
    "Phase": "a sheet is opened before the end of clearance or after it",
    "Target": "part of ids and keys: two targets that a reader does not know would become one",
    "Track": "decides legal limits and secrecy; no default would be safe for an unknown track",
}
"""Names of the enums, and why no reader could do with a default."""


def enums_without_default(schema: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Path and name of every enum in a schema that has no default."""
    if isinstance(schema, list):
        for branch in schema:
            yield from enums_without_default(branch, path)
    elif isinstance(schema, dict):
        if schema.get("type") == "enum" and "default" not in schema:
            yield path, schema["name"]
        for field in schema.get("fields", ()):
            yield from enums_without_default(field["type"], join(path, field["name"]))
        for inner in ("type", "items", "values"):
            yield from enums_without_default(schema.get(inner), path)
