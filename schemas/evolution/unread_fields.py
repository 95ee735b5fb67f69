"""Fields and enum symbols of a writer's schema that a reader skips or replaces, for a warning in the log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastavro.schema import expand_schema

from schemas.evolution.schema_checks import join


def unread_fields(writer: Any, reader: Any) -> list[str]:
    """Fields that a reader skips, and symbols that it reads as the default of their enum.

    Args:
        writer: A sound schema, as JSON.
        reader: A compatible schema (`schemas.evolution.compatibility`).

    Returns:
        Paths such as `items[].language`; for symbols `path=SYMBOL`, such as `status=AUTO_CLEARED`.
    """
    return list(_unread(expand_schema(writer), expand_schema(reader), ""))


def _unread(writer: Any, reader: Any, path: str) -> Iterator[str]:
    for branch in _branches(writer):
        twin = next((other for other in _branches(reader) if _kind(other) == _kind(branch)), None)
        if isinstance(branch, dict) and isinstance(twin, dict):
            yield from _inside(branch, twin, path)


def _inside(writer: Any, reader: Any, path: str) -> Iterator[str]:
    match writer["type"]:
        case "record":
            known = {field["name"]: field["type"] for field in reader["fields"]}
            for field in writer["fields"]:
                name = join(path, field["name"])
                if field["name"] in known:
                    yield from _unread(field["type"], known[field["name"]], name)
                else:
                    yield name
        case "enum":
            yield from (f"{path}={symbol}" for symbol in writer["symbols"] if symbol not in reader["symbols"])
        case "array":
            yield from _unread(writer["items"], reader["items"], f"{path}[]")
        case "map":
            yield from _unread(writer["values"], reader["values"], f"{path}{{}}")


def _branches(schema: Any) -> list[Any]:
    return schema if isinstance(schema, list) else [schema]


def _kind(schema: Any) -> tuple[str, str | None]:
    return (str(schema["type"]), schema.get("name")) if isinstance(schema, dict) else (schema, None)
