"""Publishes what a stage made of a batch: its outputs and its dead letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import structlog

from processors.stages.stage import Absorbed, EncodedBatch, Output
from processors.worker import metrics
from processors.worker.output.dead_letter_encoder import DeadLetterEncoder
from processors.worker.output.sync_producer import Message, SyncProducer
from schemas.batches.batch import Batch, Reject
from schemas.codec.record import record_encoder
from schemas.dead_letters.limit import DeadLetterGuard
from schemas.errors import SystemFault, Unavailable
from schemas.kafka.connection import KafkaConnection
from schemas.keys import key_of
from schemas.records.base import Record
from schemas.topics import Topic

_log = structlog.get_logger(__name__)


class OutputPublisher:
    """Encodes and publishes outputs and dead letters of one stage; returns when Kafka has acknowledged all of them.

    `identities` are the cluster and topic ids of the input topics; they are part of a dead letter's id.
    """

    def __init__(
        self,
        stage: str,
        connection: KafkaConnection,
        producer: SyncProducer,
        identities: Mapping[Topic, str],
        guard: DeadLetterGuard,
    ) -> None:
        self._stage = stage
        self._connection = connection
        self._producer = producer
        self._identities = identities
        self._guard = guard
        self._dead_letters = DeadLetterEncoder(stage, connection)
        self._encoders: dict[Topic, tuple[str, Callable[[Record], bytes]]] = {}

    def publish_batch(self, batch: Batch, absorbed: Absorbed) -> None:
        """Publish all outputs and dead letters of a batch.

        Raises:
            SystemFault: Kafka refuses for good, or too many records were refused.
            OutcomeUnknown: The worker is stopping and Kafka did not answer.
        """
        identity = self._identities[batch.topic]
        self._check_limit(batch, absorbed.rejects, identity)
        self._publish(absorbed.outputs, self._dead_letters.encode_rejects(batch, absorbed.rejects, identity))
        for reason, count in Counter(reject.reason for reject in absorbed.rejects).items():
            metrics.DEAD_LETTERS.labels(self._stage, batch.topic.subject, reason).inc(count)

    def publish_outputs(self, outputs: Sequence[Output]) -> None:
        """Publish outputs that fell due by time alone; raises as `publish_batch` does."""
        self._publish(outputs, ())

    def _check_limit(self, batch: Batch, rejects: Sequence[Reject], identity: str) -> None:
        """Stop before anything is published; otherwise each restart would turn one more batch into dead letters."""
        refused = {batch.offsets[reject.index]: f"{reject.reason}: {reject.detail}" for reject in rejects}
        while True:
            try:
                return self._guard.check(batch.topic, identity, batch.partition, range(batch.first, batch.end), refused)
            except SystemFault as fault:
                _log.error("dead_letter_limit_exceeded", stage=self._stage, action=str(fault))
                raise
            except Unavailable as error:
                _log.warning("earlier_refusals_unknown", stage=self._stage, error=str(error))
                self._producer.pause()

    def _publish(self, outputs: Sequence[Output], dead_letters: Iterable[Message]) -> None:
        if messages := [*self._encode(outputs), *dead_letters]:
            self._producer.publish(messages)
        for topic, count in _count_by_topic(outputs):
            metrics.OUTPUTS.labels(self._stage, topic.subject).inc(count)

    def _encode(self, outputs: Sequence[Output]) -> Iterable[Message]:
        if isinstance(outputs, EncodedBatch):
            name = self._connection.topic_name(outputs.topic)
            return [(name, key, value) for key, value in outputs.messages()]
        return [self._encode_one(output) for output in outputs]

    def _encode_one(self, output: Output) -> Message:
        known = self._encoders.get(output.topic)
        if known is None:
            topic = output.topic
            known = self._encoders[topic] = self._connection.topic_name(topic), record_encoder(topic.subject)
        name, encode = known
        return name, key_of(output.record), encode(output.record)


def _count_by_topic(outputs: Sequence[Output]) -> Iterable[tuple[Topic, int]]:
    if isinstance(outputs, EncodedBatch):
        return [(outputs.topic, len(outputs))]
    return Counter(output.topic for output in outputs).items()
