"""How a kernel reads what one schema wrote: a plan of small integers, one row for each field.

A plan follows Avro's schema resolution as far as our records need it: a field that only the writer has is skipped, a
nullable field that only the reader has is absent, a symbol that the reader does not know becomes the default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from schemas.batches.record_spans import RecordSpans
from schemas.codec.record import WriterSchemas
from schemas.vectorized.kernels.bodies import ITEMS, NULLABLE_TEXT, NUMBER, TEXT, FieldPlan

P = TypeVar("P")

_NULLABLE = (["null", "string"], ["null", "bytes"])
_KINDS = {"string": TEXT, "bytes": TEXT, "long": NUMBER, "int": NUMBER}


def field_plan(writer: Any, reader: Any, names: Sequence[str], items: str | None = None) -> FieldPlan | None:
    """The plan for one writer; None when its records can only be decoded one by one.

    Args:
        writer: The schema of the records; parsed and physical, as `schemas.catalogue.parsed` gives it.
        reader: The schema to read them as; each can be read as the other (`schemas.evolution.compatibility`).
        names: The wanted fields of the reader, each in the column of its place: a text, a number, or the place of an
            enum's symbol in `enum_symbols`.
        items: The field that holds a list of records, which have a plan of their own.
    """
    wanted = {field["name"]: field for field in reader["fields"]}
    columns = {name: place for place, name in enumerate(names)}
    written = {field["name"]: field["type"] for field in writer["fields"]}
    fields: list[tuple[int, int, int, int]] = []
    symbols: list[int] = []
    for name, kind in written.items():
        known = name in columns or name == items
        number = ITEMS if name == items else _kind(kind)
        if number is None or (known and not _alike(kind, wanted[name]["type"])) or (kind == "int" and not known):
            return None  # nobody checks the range of a skipped `int`: its overflow would go unnoticed
        own = kind["symbols"] if number == NUMBER and isinstance(kind, dict) else None
        base = -1
        if own is not None and known and own != wanted[name]["type"]["symbols"]:
            base = len(symbols)
            symbols += _reader_numbers(own, wanted[name]["type"])
        fields.append((number, columns.get(name, -1), -1 if own is None else len(own), base))
    lacking = [wanted[name]["type"] for name in columns if name not in written]
    if any(kind not in _NULLABLE for kind in lacking) or (items and items not in written):
        return None
    return FieldPlan(np.array(fields, np.int64).reshape(-1, 4), np.array(symbols, np.int64))


class SchemaGrouper(Generic[P]):
    """Groups records by their writer's schema.

    Args:
        subject: The subject of the records.
        writer_schemas: Where schemas that are not pinned come from.
        make_plan: How a kernel reads what a schema wrote; None when it cannot.
    """

    def __init__(self, subject: str, writer_schemas: WriterSchemas, make_plan: Callable[[Any], P | None]) -> None:
        self._subject = subject
        self._writer_schemas = writer_schemas
        self._make_plan = make_plan
        self._plans: dict[int, P | None] = {}

    def groups(self, found: RecordSpans) -> Iterator[tuple[P, npt.NDArray[np.int64]]]:
        """For each writer schema that kernels can read its plan and its records."""
        ids = found.schema_ids
        if not len(ids):
            return
        if bool((ids == ids[0]).all()):
            groups = [np.arange(len(ids))]
        else:
            order = np.argsort(ids, kind="stable")
            groups = np.split(order, np.flatnonzero(np.diff(ids[order])) + 1)
        for rows in groups:
            if (plan := self._plan(int(ids[rows[0]]))) is not None:
                yield plan, rows

    def _plan(self, schema_id: int) -> P | None:
        if schema_id in self._plans:
            return self._plans[schema_id]
        writer = None if schema_id < 0 else self._writer_schemas(schema_id, self._subject)
        if writer is None:
            return None  # not remembered: ids may be invented without end, and the writer may register its id later
        self._plans[schema_id] = self._make_plan(writer)
        return self._plans[schema_id]


def item_schema(schema: Any, items: str) -> Any:
    """The record of which a schema's field holds a list; an empty one where it holds something else."""
    (kind,) = (field["type"] for field in schema["fields"] if field["name"] == items)
    listed = kind.get("items") if isinstance(kind, dict) else None
    return listed if isinstance(listed, dict) and listed["type"] == "record" else {"fields": []}


def enum_symbols(schema: Any, name: str) -> tuple[str, ...]:
    """The symbols of an enum, which may be nullable, in the order of the numbers that a plan gives them."""
    (kind,) = (field["type"] for field in schema["fields"] if field["name"] == name)
    enum = kind[1] if isinstance(kind, list) else kind
    return tuple(enum["symbols"])


def _kind(kind: Any) -> int | None:
    if isinstance(kind, dict):
        return NUMBER if kind["type"] == "enum" else None
    if isinstance(kind, list):
        return NULLABLE_TEXT if kind in _NULLABLE else None
    return _KINDS.get(kind)


def _alike(kind: Any, wanted: Any) -> bool:
    """Whether two types are one, but for the symbols of an enum and the fields of a listed record."""
    if isinstance(kind, dict) and isinstance(wanted, dict):
        return bool(kind["type"] == wanted["type"])
    return bool(kind == wanted)


def _reader_numbers(symbols: Sequence[str], wanted: Any) -> list[int]:
    """The reader's number of each symbol of the writer."""
    known = wanted["symbols"]
    return [known.index(one if one in known else wanted["default"]) for one in symbols]
