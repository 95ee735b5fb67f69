"""Records that a stage refused before this process started, read from its dead letters."""

from __future__ import annotations

from collections.abc import Collection

from schemas.codec.record import decoder
from schemas.errors import PoisonRecord
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_reader import read_topic
from schemas.topics import Topic

_TAIL_FACTOR = 5


class EarlierRefusals:
    """Looks up which records a stage refused before; asked about at most `window` offsets of a partition."""

    def __init__(self, connection: KafkaConnection, stage: str, window: int) -> None:
        self._connection = connection
        self._stage = stage
        self._tail = window * _TAIL_FACTOR

    def __call__(self, identity: str, partition: int, first: int, after: int) -> Collection[int]:
        """Offsets in `[first, after)` of a partition that were refused by this stage.

        Only the latest dead letters are read: a few times the window, because those of other stages lie between.

        Raises:
            Unavailable: Kafka did not answer.
        """
        decode, found = decoder(Topic.DEAD_LETTER.subject), set()
        for message in read_topic(self._connection, Topic.DEAD_LETTER, tail=self._tail):
            try:
                letter = decode(message.value())
            except PoisonRecord:
                continue  # not one of ours
            if (letter["stage"], letter["topic_id"], letter["partition"]) == (self._stage, identity, partition):
                found.add(int(letter["offset"]))
        return {offset for offset in found if first <= offset < after}
