"""What a batch leads to, on its way to Kafka."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import structlog

from processors.stages.stage import Absorbed, EncodedBatch, Output
from processors.worker import metrics
from processors.worker.output.dead_letter_encoder import DeadLetterOffice
from processors.worker.output.publisher import Message, Publisher
from schemas.batches.batch import Batch, Reject
from schemas.codec.record import record_encoder
from schemas.dead_letters.limit import DeadLetterGuard
from schemas.errors import SystemFault, Unavailable
from schemas.keys import key_of
from schemas.records import Record
from schemas.topics import Topic

_log = structlog.get_logger(__name__)


class Outbox:
    """Encodes and publishes outputs and dead letters of one stage; returns when Kafka has them.

    Args:
        stage: Name of the stage.
        topic_prefix: Prefix of topic names.
        publisher: The producer.
        topic_identity: Cluster and topic id of an input topic.
        guard: Says when too much is refused.
    """

    def __init__(
        self,
        stage: str,
        topic_prefix: str,
        publisher: Publisher,
        topic_identity: Callable[[Topic], str],
        guard: DeadLetterGuard,
    ) -> None:
        self._stage = stage
        self._prefix = topic_prefix
        self._publisher = publisher
        self._topic_identity = topic_identity
        self._guard = guard
        self._dead_letters = DeadLetterOffice(stage, topic_prefix)
        self._writers: dict[Topic, tuple[str, Callable[[Record], bytes]]] = {}

    def send(self, batch: Batch, absorbed: Absorbed) -> None:
        """Publish everything that came of a batch.

        Raises:
            SystemFault: Kafka refuses for good, or too many records were refused.
            OutcomeUnknown: The worker is stopping and Kafka did not answer.
        """
        identity = self._topic_identity(batch.topic)
        self._check_limit(batch, absorbed.rejects, identity)
        messages = self._messages(absorbed.outputs)
        if absorbed.rejects:
            messages.extend(self._dead_letters.letters(batch, absorbed.rejects, identity))
        self._publish(messages)
        self._count(absorbed.outputs)
        self._count_rejects(batch.topic, absorbed.rejects)

    def _check_limit(self, batch: Batch, rejects: Sequence[Reject], identity: str) -> None:
        """Before anything is published: else each restart would turn one more batch into dead letters."""
        refused = {batch.offsets[reject.index]: f"{reject.reason}: {reject.detail}" for reject in rejects}
        while True:
            try:
                return self._guard.check(batch.topic, identity, batch.partition, range(batch.first, batch.end), refused)
            except SystemFault as fault:
                _log.error("dead_letter_limit_exceeded", stage=self._stage, action=str(fault))
                raise
            except Unavailable as error:
                _log.warning("earlier_refusals_unknown", stage=self._stage, error=str(error))
                self._publisher.pause()

    def send_outputs(self, outputs: Sequence[Output]) -> None:
        """Publish what fell due by time alone; raises as `send` does."""
        self._publish(self._messages(outputs))
        self._count(outputs)

    def _publish(self, messages: Sequence[Message]) -> None:
        if messages:
            self._publisher.publish(messages)

    def _messages(self, outputs: Sequence[Output]) -> list[Message]:
        if isinstance(outputs, EncodedBatch):
            name = outputs.topic.value.name(self._prefix)
            return [(name, key, value) for key, value in outputs.messages()]
        return [self._message(output) for output in outputs]

    def _message(self, output: Output) -> Message:
        known = self._writers.get(output.topic)
        if known is None:
            topic = output.topic
            known = self._writers[topic] = topic.value.name(self._prefix), record_encoder(topic.subject)
        name, encode = known
        return name, key_of(output.record), encode(output.record)

    def _count(self, outputs: Sequence[Output]) -> None:
        if isinstance(outputs, EncodedBatch):
            metrics.OUTPUTS.labels(self._stage, outputs.topic.subject).inc(len(outputs))
            return
        for topic, count in Counter(output.topic for output in outputs).items():
            metrics.OUTPUTS.labels(self._stage, topic.subject).inc(count)

    def _count_rejects(self, topic: Topic, rejects: Sequence[Reject]) -> None:
        for reason, count in Counter(reject.reason for reject in rejects).items():
            metrics.DEAD_LETTERS.labels(self._stage, topic.subject, reason).inc(count)
