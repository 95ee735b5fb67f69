"""Reading batches of every topic the same way everywhere: decoded, checked, rejects apart.

Sinks read through this module, and so do all stages but the join, which reads with `schemas.vectorized.status_reader`
and `schemas.vectorized.rating_reader`. These must accept and refuse the same records: tests hold them against this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from schemas.batches.batch import Batch, Reject
from schemas.codec.record import WriterSchemas, decoder, pinned_only
from schemas.codec.wire import framed_id
from schemas.errors import PoisonRecord, Problem
from schemas.readers.column_decoder import ColumnDecoder, Columns
from schemas.readers.status_column_rules import checked
from schemas.records import ComplaintAction, Rating, Record
from schemas.topics import Topic
from schemas.validation.record import action_problems, rating_problems

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Records(Generic[R]):
    """A batch of nested records.

    Attributes:
        accepted: (position in the batch, record), in offset order.
        rejects: The records that were refused.
    """

    accepted: Sequence[tuple[int, R]]
    rejects: Sequence[Reject]


class StatusReader:
    """Reads batches of `declaration-status` into checked columns (see `schemas.readers.column_decoder.Columns`)."""

    def __init__(self, writer_schemas: WriterSchemas = pinned_only) -> None:
        self._decoder = ColumnDecoder(Topic.DECLARATION_STATUS.subject, writer_schemas)

    def read(self, batch: Batch) -> Columns:
        """Decode and check a batch; never raises for what a record holds."""
        return checked(self._decoder.decode(batch), batch)


Check = Callable[[Mapping[str, Any], int, bytes | None], Sequence[Problem]]


_CHECKS: Mapping[type[Record], Check] = {Rating: rating_problems, ComplaintAction: action_problems}
"""What comes from outside is checked; what we write ourselves is not."""


def _unchecked(_record: Mapping[str, Any], _written_at: int, _key: bytes | None) -> Sequence[Problem]:
    return ()


class RecordReader(Generic[R]):
    """Reads batches of a nested topic, record by record.

    Args:
        topic: The topic.
        kind: The record's class.
        writer_schemas: Where schemas that are not pinned come from.
    """

    def __init__(self, topic: Topic, kind: type[R], writer_schemas: WriterSchemas = pinned_only) -> None:
        self._kind = kind
        self._decode = decoder(topic.subject, writer_schemas)
        self._check: Check = _CHECKS.get(kind, _unchecked)

    def read(self, batch: Batch) -> Records[R]:
        """Decode and check a batch; never raises for what a record holds."""
        accepted: list[tuple[int, R]] = []
        rejects: list[Reject] = []
        for index, value in enumerate(batch.values):
            try:
                record = self._decode(value)
            except PoisonRecord as poison:
                rejects.append(Reject(index, poison.reason, poison.detail, framed_id(value)))
                continue
            problems = self._check(record, batch.timestamps[index], batch.keys[index])
            if problems:
                rejects.append(Reject(index, problems[0].reason, str(problems[0]), framed_id(value)))
            else:
                accepted.append((index, self._kind.from_avro(record)))
        return Records(accepted, rejects)
