"""Publishes what a stage made of a batch: its outputs and its dead letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import structlog

from processors.stages.stage import Absorbed, EncodedBatch, Output
from processors.worker import metrics
from processors.worker.output.dead_letter_encoder import DeadLetterEncoder
from processors.worker.output.sync_producer import Message, SyncProducer
from schemas.batches.batch import Batch, Reject
from schemas.codec.record import record_encoder
from schemas.dead_letters.limit import DeadLetterGuard
from schemas.errors import SystemFault, Unavailable
from schemas.keys import key_of
from schemas.records import Record
from schemas.topics import Topic

_log = structlog.get_logger(__name__)


class OutputPublisher:
    """Encodes and publishes outputs and dead letters of one stage; returns when Kafka has acknowledged all of them.

    Args:
        stage: Name of the stage.
        topic_prefix: Prefix of topic names.
        producer: The producer.
        topic_identity: Cluster and topic id of an input topic.
        guard: Stops the stage when too many records are refused.
    """

    def __init__(
        self,
        stage: str,
        topic_prefix: str,
        producer: SyncProducer,
        topic_identity: Callable[[Topic], str],
        guard: DeadLetterGuard,
    ) -> None:
        self._stage = stage
        self._prefix = topic_prefix
        self._producer = producer
        self._topic_identity = topic_identity
        self._guard = guard
        self._dead_letters = DeadLetterEncoder(stage, topic_prefix)
        self._encoders: dict[Topic, tuple[str, Callable[[Record], bytes]]] = {}

    def publish_batch(self, batch: Batch, absorbed: Absorbed) -> None:
        """Publish all outputs and dead letters of a batch.

        Raises:
            SystemFault: Kafka refuses for good, or too many records were refused.
            OutcomeUnknown: The worker is stopping and Kafka did not answer.
        """
        identity = self._topic_identity(batch.topic)
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
            name = outputs.topic.value.name(self._prefix)
            return [(name, key, value) for key, value in outputs.messages()]
        return [self._encode_one(output) for output in outputs]

    def _encode_one(self, output: Output) -> Message:
        known = self._encoders.get(output.topic)
        if known is None:
            topic = output.topic
            known = self._encoders[topic] = topic.value.name(self._prefix), record_encoder(topic.subject)
        name, encode = known
        return name, key_of(output.record), encode(output.record)


def _count_by_topic(outputs: Sequence[Output]) -> Iterable[tuple[Topic, int]]:
    if isinstance(outputs, EncodedBatch):
        return [(outputs.topic, len(outputs))]
    return Counter(output.topic for output in outputs).items()
