"""What a stage refused before this process began: its dead letters tell."""

from __future__ import annotations

from collections.abc import Collection

from schemas.codec.record import decoder
from schemas.errors import PoisonRecord
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_reader import read_topic
from schemas.topics import Topic

_TAIL_FACTOR = 5


class EarlierRefusals:
    """What a stage refused before, as its dead letters tell.

    Args:
        connection: The cluster.
        stage: Whose dead letters count.
        window: How many offsets back are asked for, at most.
    """

    def __init__(self, connection: KafkaConnection, stage: str, window: int) -> None:
        self._connection = connection
        self._stage = stage
        self._tail = window * _TAIL_FACTOR

    def __call__(self, identity: str, partition: int, first: int, after: int) -> Collection[int]:
        """Offsets in `[first, after)` of a partition that were refused by this stage.

        Only the tail of the dead letters is read: others' letters may lie between, so somewhat more than a window.

        Raises:
            Unavailable: Kafka did not answer.
        """
        decode, found = decoder(Topic.DEAD_LETTER.subject), set()
        for message in read_topic(self._connection, Topic.DEAD_LETTER, tail=self._tail):
            try:
                letter = decode(message.value())
            except PoisonRecord:
                continue  # not one of ours, so it tells nothing about our refusals
            if (letter["stage"], letter["topic_id"], letter["partition"]) == (self._stage, identity, partition):
                found.add(int(letter["offset"]))
        return {offset for offset in found if first <= offset < after}
