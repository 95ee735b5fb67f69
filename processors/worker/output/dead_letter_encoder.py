"""Encodes refused records as dead letters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from processors.worker.output.sync_producer import Message
from schemas.batches.batch import Batch, Reject
from schemas.codec.record import encoder
from schemas.dead_letters.letter import dead_letter
from schemas.kafka.connection import KafkaConnection
from schemas.topics import Topic


class DeadLetterEncoder:
    """Encodes the dead letters of one stage."""

    def __init__(self, stage: str, connection: KafkaConnection) -> None:
        self._stage = stage
        self._connection = connection
        self._topic = connection.topic_name(Topic.DEAD_LETTER)
        self._encode = encoder(Topic.DEAD_LETTER.subject)

    def encode_rejects(self, batch: Batch, rejects: Sequence[Reject], topic_identity: str) -> Iterator[Message]:
        """One message for each refused record, under the record's key."""
        topic_name = self._connection.topic_name(batch.topic)
        for reject in rejects:
            letter = dead_letter(batch, reject, stage=self._stage, topic_name=topic_name, topic_identity=topic_identity)
            yield self._topic, letter.key, self._encode(letter.to_avro())
