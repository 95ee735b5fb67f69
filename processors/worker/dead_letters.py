"""Records that were refused, as dead letters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from processors.worker.publisher import Message
from schemas.batch import RawBatch, Reject
from schemas.codec import encoder
from schemas.identity import dead_letter_id
from schemas.records import DeadLetter
from schemas.topics import Topic

MAX_VALUE_BYTES = 512 * 1024


class DeadLetterOffice:
    """Writes the dead letters of one stage.

    Args:
        stage: Name of the stage.
        topic_prefix: Prefix of topic names.
    """

    def __init__(self, stage: str, topic_prefix: str) -> None:
        self._stage = stage
        self._prefix = topic_prefix
        self._topic = Topic.DEAD_LETTER.value.name(topic_prefix)
        self._encode = encoder(Topic.DEAD_LETTER.subject)

    def letters(self, batch: RawBatch, rejects: Sequence[Reject], topic_identity: str) -> Iterator[Message]:
        """One message for each refused record, under the record's key."""
        for reject in rejects:
            letter = self._letter(batch, reject, topic_identity)
            yield Message(self._topic, letter.key, self._encode(letter.to_avro()))

    def _letter(self, batch: RawBatch, reject: Reject, topic_identity: str) -> DeadLetter:
        offset, value = batch.offsets[reject.index], batch.values[reject.index] or b""
        return DeadLetter(
            dead_letter_id=dead_letter_id(topic_identity, batch.partition, offset),
            stage=self._stage,
            topic=batch.topic.value.name(self._prefix),
            topic_id=topic_identity,
            partition=batch.partition,
            offset=offset,
            recorded_at=batch.timestamps[reject.index],
            reason=reject.reason,
            detail=reject.detail,
            schema_id=reject.schema_id,
            key=_cut(batch.keys[reject.index]),
            value=value[:MAX_VALUE_BYTES],
            value_size=len(value),
        )


def _cut(key: bytes | None) -> bytes | None:
    """A hostile key must not make its own dead letter too large to be written."""
    return None if key is None else key[:MAX_VALUE_BYTES]
