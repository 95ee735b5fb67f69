"""Read batches of every topic the same way everywhere: decode and check record by record, rejects apart.

The topics with most records also have compiled readers: `schemas.vectorized.status_reader`, `status_columns` and
`rating_reader`. They accept and refuse the same records; tests compare them with this module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from schemas.batches.batch import Batch, Reject
from schemas.batches.record_by_record import Check, decode_and_check
from schemas.codec.record import WriterSchemas, decoder, pinned_only
from schemas.errors import Problem
from schemas.records.alerts import AlertAction
from schemas.records.base import Record
from schemas.records.cases import ComplaintAction
from schemas.records.events import DeclarationStatus, Rating
from schemas.topics import Topic
from schemas.validation.record import action_problems, alert_action_problems, rating_problems, status_problems

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Records(Generic[R]):
    """The records of a batch.

    Attributes:
        accepted: (position in the batch, record), in offset order.
        rejects: The records that were refused.
    """

    accepted: Sequence[tuple[int, R]]
    rejects: Sequence[Reject]


_CHECKS: Mapping[type[Record], Check] = {
    DeclarationStatus: status_problems,
    Rating: rating_problems,
    ComplaintAction: action_problems,
    AlertAction: alert_action_problems,
}
"""Records from outside are checked; those that the pipeline writes itself are not."""


def _unchecked(_record: Mapping[str, Any], _written_at: int, _key: bytes | None) -> Sequence[Problem]:
    return ()


class RecordReader(Generic[R]):
    """Reads batches of one topic, record by record.

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
        good, rejects = decode_and_check(batch, range(len(batch)), self._decode, self._check)
        return Records([(index, self._kind.from_avro(record)) for index, record in good], rejects)
