"""Encodes refused records as dead letters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from processors.worker.output.sync_producer import Message
from schemas.batches.batch import Batch, Reject
from schemas.codec.record import encoder
from schemas.dead_letters.letter import dead_letter
from schemas.topics import Topic


class DeadLetterEncoder:
    """Encodes the dead letters of one stage.

    Args:
        stage: Name of the stage.
        topic_prefix: Prefix of topic names.
    """

    def __init__(self, stage: str, topic_prefix: str) -> None:
        self._stage = stage
        self._prefix = topic_prefix
        self._topic = Topic.DEAD_LETTER.value.name(topic_prefix)
        self._encode = encoder(Topic.DEAD_LETTER.subject)

    def encode_rejects(self, batch: Batch, rejects: Sequence[Reject], topic_identity: str) -> Iterator[Message]:
        """One message for each refused record, under the record's key."""
        topic_name = batch.topic.value.name(self._prefix)
        for reject in rejects:
            letter = dead_letter(batch, reject, stage=self._stage, topic_name=topic_name, topic_identity=topic_identity)
            yield self._topic, letter.key, self._encode(letter.to_avro())
