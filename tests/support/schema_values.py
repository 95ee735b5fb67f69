"""Values drawn from a schema, so that a test covers a field from the day on which the schema has it."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

_INT, _LONG = 1 << 31, 1 << 63
_SIMPLE: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "int": st.integers(-_INT, _INT - 1) | st.integers(-70, 70),
    "long": st.integers(-_LONG, _LONG - 1) | st.integers(-70, 70),
    "string": st.text(max_size=5),
    "bytes": st.binary(max_size=5),
    "boolean": st.booleans(),
    "double": st.floats(allow_nan=False),
}


def schema_values(schema: Any, named: dict[str, Any] | None = None) -> st.SearchStrategy[Any]:
    """Values of a physical schema, as fastavro takes and returns them.

    Args:
        schema: The schema.
        named: Strategies of the records and enums that were defined before.
    """
    named = {} if named is None else named
    if isinstance(schema, list):
        return st.one_of([schema_values(branch, named) for branch in schema])
    if isinstance(schema, str):
        return named[schema] if schema in named else _SIMPLE[schema]
    if schema["type"] == "array":
        return st.lists(schema_values(schema["items"], named), max_size=3)
    if schema["type"] == "map":
        return st.dictionaries(st.text(max_size=3), schema_values(schema["values"], named), max_size=3)
    if schema["type"] == "enum":
        found: st.SearchStrategy[Any] = st.sampled_from(schema["symbols"])
    else:
        found = st.fixed_dictionaries(
            {field["name"]: schema_values(field["type"], named) for field in schema["fields"]}
        )
    named[schema["name"]] = found
    return found
