"""Plain values (`plain.py`) as text."""

from __future__ import annotations

import json
from decimal import Decimal
from math import isfinite
from typing import Any

_encode = json.JSONEncoder(ensure_ascii=False).encode


def json_text(value: Any) -> str:
    """A value in JSON.

    Numbers keep all their digits, decimals too, which `json` cannot write. What is no number (nan, inf) is null.
    """
    match value:
        case str() | bool() | None:
            return _encode(value)
        case int():
            return str(value)
        case float():
            return repr(value) if isfinite(value) else "null"
        case Decimal():
            return f"{value:f}"
        case dict():
            return "{" + ", ".join(f"{_encode(key)}: {json_text(element)}" for key, element in value.items()) + "}"
        case _:
            return "[" + ", ".join(map(json_text, value)) + "]"


def text(value: Any) -> str:
    """A value that is not None as a person writes it; lists and dicts in JSON."""
    match value:
        case str():
            return value
        case float():
            return repr(value)
        case _:
            return json_text(value)
