"""Records of a batch, decoded and checked one by one: the only place where a record of a batch is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from schemas.batches.batch import Batch, Reject
from schemas.codec.wire import framed_id
from schemas.errors import PoisonRecord, Problem

Decode = Callable[[bytes | None], Mapping[str, Any]]
Check = Callable[[Mapping[str, Any], int, bytes | None], Sequence[Problem]]
"""The rules for a record, its Kafka timestamp and its key; see `schemas.validation.record`."""


def decode_and_check(
    batch: Batch, rows: Iterable[int], decode: Decode, check: Check
) -> tuple[list[tuple[int, Mapping[str, Any]]], list[Reject]]:
    """The good records among some rows of a batch, with their positions, and a reject for each of the others."""
    good: list[tuple[int, Mapping[str, Any]]] = []
    rejects: list[Reject] = []
    for index in rows:
        value = batch.values[index]
        try:
            record = decode(value)
        except PoisonRecord as poison:
            rejects.append(Reject(index, poison.reason, poison.detail, framed_id(value)))
            continue
        problems = check(record, batch.timestamps[index], batch.keys[index])
        if problems:
            rejects.append(Reject(index, problems[0].reason, str(problems[0]), framed_id(value)))
        else:
            good.append((index, record))
    return good, rejects
