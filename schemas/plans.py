"""How a kernel reads what one schema wrote: a plan of small integers, one row for each field.

A plan follows Avro's schema resolution as far as flat records need it: a field that only the writer has is passed
over, a nullable one that only the reader has is absent, a symbol that the reader does not know becomes the default.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.kernels.flat import ENUM, LONG, NULLABLE_TEXT, TEXT

_NULLABLE = ["null", "string"]
_KINDS = {"string": TEXT, "long": LONG}


@dataclass(frozen=True, slots=True)
class Plan:
    """Arguments of `schemas.kernels.flat.read_flat`.

    Attributes:
        fields: Kind and column of each field of the writer.
        symbols: Number of each symbol, by field.
        missing: Columns of texts that the writer does not have.
    """

    fields: npt.NDArray[np.int64]
    symbols: npt.NDArray[np.int64]
    missing: Sequence[int]


def plan_of(
    writer: Any, reader: Any, texts: Sequence[str], numbers: Sequence[str], ranks: Sequence[str]
) -> Plan | None:
    """The plan for one writer; None when its records can only be decoded one by one.

    Args:
        writer: The schema of the records; parsed and physical, as `schemas.catalogue.parsed` gives it.
        reader: The schema that they are wanted in; each can be read as the other (`schemas.compatibility`).
        texts: Columns of texts, by the reader's names.
        numbers: Columns of whole numbers and enums.
        ranks: Every symbol of the reader's enum, in the order of its numbers.
    """
    wanted = {field["name"]: field for field in reader["fields"]}
    columns = {name: place for names in (texts, numbers) for place, name in enumerate(names)}
    written = {field["name"]: field["type"] for field in writer["fields"]}
    kinds = {name: _kind(kind) for name, kind in written.items()}
    lacking = [name for name in columns if name not in written]
    if None in kinds.values() or any(wanted[name]["type"] != _NULLABLE for name in lacking):
        return None
    if any(kinds[name] != _kind(wanted[name]["type"]) for name in columns if name in written):
        return None
    symbols = [
        _numbers(kind, wanted[name], ranks) if kinds[name] == ENUM and name in columns else _passed(kind)
        for name, kind in written.items()
    ]
    fields = [(kinds[name], columns.get(name, -1)) for name in written]
    most = max(map(len, symbols))
    padded = [[*row, *[-1] * (most - len(row))] for row in symbols]
    return Plan(np.array(fields, np.int64), np.array(padded, np.int64), [columns[name] for name in lacking])


def _kind(kind: Any) -> int | None:
    if isinstance(kind, dict):
        return ENUM if kind["type"] == "enum" else None
    if isinstance(kind, list):
        return NULLABLE_TEXT if kind == _NULLABLE else None
    return _KINDS.get(kind)


def _numbers(kind: Any, wanted: Any, ranks: Sequence[str]) -> list[int]:
    """The number of each symbol of the writer."""
    known = wanted["type"]["symbols"]
    return [ranks.index(symbol if symbol in known else wanted["type"]["default"]) for symbol in kind["symbols"]]


def _passed(kind: Any) -> list[int]:
    """Of an enum that nobody wants, only how many symbols there are matters."""
    return [0] * len(kind["symbols"]) if isinstance(kind, dict) else [-1]
