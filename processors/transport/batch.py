"""What an agent of the batched transport receives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import faust
from aiokafka import ConsumerRecord
from faust.types import AppT, Message

from processors.transport.ledger import Lease


@dataclass(frozen=True, slots=True)
class FetchedBatch:
    """Records of one partition, fetched together, in offset order; never empty.

    Attributes:
        records: The records, undecoded.
        lease: What to hand back when they are done.
    """

    records: Sequence[ConsumerRecord[bytes, bytes]]
    lease: Lease


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """Stands in for a Kafka record where Faust makes a message of it: the value is the whole batch."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: int
    value: FetchedBatch
    headers: tuple[tuple[str, bytes], ...] = ()
    key: None = None
    checksum: None = None
    serialized_key_size: int = 0
    serialized_value_size: int = 0

    @classmethod
    def of(cls, batch: FetchedBatch) -> BatchRecord:
        """The stand-in for a batch; its offset is that of the last record."""
        last = batch.records[-1]
        return cls(last.topic, last.partition, last.offset, last.timestamp, last.timestamp_type, batch)


class BatchSchema(faust.Schema[Any, Any]):
    """Hands the batch through as it is; stages decode columns, not messages."""

    def loads_key(self, app: AppT, message: Message, **_options: Any) -> None:
        """A batch has no key."""

    def loads_value(self, app: AppT, message: Message, **_options: Any) -> Any:  # noqa: ARG002 - Faust's signature
        """The `FetchedBatch`."""
        return message.value
