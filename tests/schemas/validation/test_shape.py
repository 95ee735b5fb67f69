from __future__ import annotations

from typing import Any

import pytest

from schemas.validation.shape import shape_problems

SCHEMA = {
    "type": "record",
    "name": "R",
    "fields": [
        {"name": "a", "type": "string"},
        {"name": "b", "type": ["null", "string"], "default": None},
        {"name": "c", "type": "string", "default": ""},
        {"name": "l", "type": {"type": "array", "items": {"type": "record", "name": "I", "fields": []}}, "default": []},
    ],
}


@pytest.mark.parametrize(
    ("record", "faults"),
    [
        ({"a": "x"}, []),
        ({"a": "x", "b": None, "c": "", "l": [{}]}, []),
        ({}, ["a must be given"]),
        ({"a": "x", "c": None}, ["c must be given"]),
        ({"a": "x", "later": 1}, ["later is not a field of this kind of event"]),
    ],
)
def test_what_has_a_default_may_be_left_out(record: dict[str, Any], faults: list[str]) -> None:
    """A writer that knows nothing of a field that came later is right; an explicit null where text must be is not."""
    assert [str(problem) for problem in shape_problems(record, SCHEMA)] == faults
