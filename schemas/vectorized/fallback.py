"""What the fast readers of statuses and of sheets share: who wrote a record, and what is done with those that are left.

A reader has three sieves, from fast to slow. A kernel reads what one schema wrote and says of which records it is sure.
Texts that were met before are looked up. Every record that is left, broken or merely unusual, is decoded and checked by
itself, and only that decides that it is refused, and why.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from schemas.batches.batch import Batch, Reject
from schemas.batches.record_spans import RecordSpans
from schemas.codec.record import WriterSchemas, decoder
from schemas.codec.wire import HEADER_BYTES, MAX_RECORD_BYTES, framed_id
from schemas.errors import PoisonRecord, Problem

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A good record that was decoded by itself.

    Attributes:
        index: Position in the batch.
        record: Its fields.
        checksum: CRC-32 of its body.
    """

    index: int
    record: Mapping[str, Any]
    checksum: int


class SchemaGrouper(Generic[P]):
    """Sorts records by their writer's schema.

    Args:
        subject: What they are records of.
        writer_schemas: Where schemas that are not pinned come from.
        plan: How a kernel reads what a schema wrote; None when it cannot.
    """

    def __init__(self, subject: str, writer_schemas: WriterSchemas, plan: Callable[[Any], P | None]) -> None:
        self._subject = subject
        self._writer_schemas = writer_schemas
        self._make = plan
        self._plans: dict[int, P | None] = {}

    def groups(self, found: RecordSpans) -> Iterator[tuple[P, npt.NDArray[np.int64]]]:
        """The records of each writer schema that kernels can read, and how."""
        ids = found.schema_ids(MAX_RECORD_BYTES)
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
            return None  # not remembered: ids may be invented without end, and their writer may yet register them
        self._plans[schema_id] = self._make(writer)
        return self._plans[schema_id]


class RecordFallback:
    """Decodes and checks one record at a time.

    Args:
        subject: What they are records of.
        writer_schemas: Where schemas that are not pinned come from.
        problems: The rules, see `schemas.validation.record`.
    """

    def __init__(
        self,
        subject: str,
        writer_schemas: WriterSchemas,
        problems: Callable[[Mapping[str, Any], int, bytes | None], Sequence[Problem]],
    ) -> None:
        self._decode = decoder(subject, writer_schemas)
        self._problems = problems

    def decode(self, batch: Batch, rows: npt.NDArray[np.int64]) -> tuple[list[Decoded], list[Reject]]:
        """The good ones of these records, and the others."""
        good: list[Decoded] = []
        rejects: list[Reject] = []
        for index in rows.tolist():
            value = batch.values[index]
            try:
                record = self._decode(value)
            except PoisonRecord as poison:
                rejects.append(Reject(index, poison.reason, poison.detail, framed_id(value)))
                continue
            problems = self._problems(record, batch.timestamps[index], batch.keys[index])
            if problems:
                rejects.append(Reject(index, problems[0].reason, str(problems[0]), framed_id(value)))
                continue
            assert value is not None
            good.append(Decoded(index, record, zlib.crc32(memoryview(value)[HEADER_BYTES:])))
        return good, rejects
