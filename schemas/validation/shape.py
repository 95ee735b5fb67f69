"""Whether a record fits its schema, field by field; checked before the rules of `record`.

`schemas.codec.record` only says that a whole record does not fit; people who correct their data need the field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from schemas.errors import Problem, Reason

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
UNKNOWN_RULE = "is not a field of this kind of event"
_BITS = {"int": 31, "long": 63}
_WORDS = {
    "string": "must be text",
    "int": "must be a whole number of at most 32 bits",
    "long": "must be a whole number of at most 64 bits",
    "bytes": "must be bytes",
    "boolean": "must be true or false",
}


def quick_check(schema: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], bool]:
    """A fast function that recognises most good records: their values have the right types.

    It ignores ranges, enums and text that cannot be encoded: the encoder refuses those. When it returns False, call
    `shape_problems`.
    """
    checks = [(field["name"], *_types(field["type"])) for field in schema["fields"]]

    def quick(record: Mapping[str, Any]) -> bool:
        if len(record) != len(checks):
            return False
        for name, types, item in checks:
            value = record.get(name)
            if type(value) not in types or (item is not None and not all(map(item, value))):  # type: ignore[arg-type]
                return False
        return True

    return quick


_PYTHON: Mapping[str, type] = {"string": str, "int": int, "long": int, "bytes": bytes, "boolean": bool}


def _types(kind: Any) -> tuple[frozenset[type], Callable[[Any], bool] | None]:
    if isinstance(kind, list):
        types, item = _types(next(branch for branch in kind if branch != "null"))
        return types | {type(None)}, item
    if isinstance(kind, str):
        return frozenset({_PYTHON[kind]}), None
    if kind["type"] == "enum":
        return frozenset({str}), None
    inside = quick_check(kind["items"])
    return frozenset({list}), lambda item: type(item) is dict and inside(item)


def shape_problems(record: Mapping[str, Any], schema: Mapping[str, Any], path: str = "") -> Iterator[Problem]:
    """Why a record cannot be written with a schema.

    Args:
        record: The record; an absent field counts as its default, or as null.
        schema: A parsed physical record schema (`schemas.catalogue.parsed`) of texts, numbers, bytes, enums, nullable
            ones of these, and lists of such records.
        path: Prefix for the names of fields.

    Yields:
        Problems in field order, with names of fields and rules, never with values.
    """
    for field in schema["fields"]:
        yield from _value(record.get(field["name"], field.get("default")), field["type"], path + field["name"])
    known = {field["name"] for field in schema["fields"]}
    for name in sorted(str(name) for name in record if name not in known):
        # A name from outside is shown only if it looks like a field name: it might be personal data.
        shown = name if _NAME.fullmatch(name) else "(unnamed)"
        yield Problem(path + shown, Reason.BAD_FIELD, UNKNOWN_RULE)


def _value(value: Any, kind: Any, path: str) -> Iterator[Problem]:
    if isinstance(kind, list):
        if value is not None:
            yield from _value(value, next(branch for branch in kind if branch != "null"), path)
    elif value is None:
        yield Problem(path, Reason.BAD_FIELD, "must be given")
    elif isinstance(kind, str):
        if not _fits(value, kind):
            yield Problem(path, Reason.BAD_FIELD, _WORDS[kind])
    elif kind["type"] == "enum":
        if not isinstance(value, str) or value not in kind["symbols"]:
            yield Problem(path, Reason.BAD_FIELD, f"must be one of {', '.join(kind['symbols'])}")
    elif kind["type"] == "array":
        yield from _list(value, kind["items"], path)
    elif isinstance(value, Mapping):
        yield from shape_problems(value, kind, f"{path}.")
    else:
        yield Problem(path, Reason.BAD_FIELD, "must be an object")


def _list(value: Any, items: Any, path: str) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield Problem(path, Reason.BAD_FIELD, "must be a list")
        return
    for number, item in enumerate(value):
        yield from _value(item, items, f"{path}[{number}]")


def _fits(value: Any, kind: str) -> bool:
    if kind == "string":
        return isinstance(value, str) and (value.isascii() or _is_unicode(value))
    if kind == "bytes":
        return isinstance(value, bytes)
    if kind == "boolean":
        return isinstance(value, bool)
    bits = _BITS[kind]
    return isinstance(value, int) and not isinstance(value, bool) and -(1 << bits) <= value < 1 << bits


def _is_unicode(text: str) -> bool:
    """Whether a text can be encoded; half of a surrogate pair, which JSON allows, cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
