"""Publishes refused records as dead letters, before their offsets are committed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from schemas.batches.batch import RawBatch, Reject
from schemas.codec.record import encoder
from schemas.dead_letters.letter import dead_letter
from schemas.errors import Unavailable
from schemas.kafka.client_errors import refusal
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.quiet_logger import QUIET
from schemas.topics import Topic
from sinks.metrics import DEAD_LETTERS

log = structlog.get_logger(__name__)

STAGE = "sink"
_CHUNK = 1000


class DeadLetterProducer:
    """Publishes dead letters.

    Args:
        connection: The cluster that the records come from, and the dead letters go to.
        delivery_timeout_s: Seconds that Kafka may take to acknowledge.
    """

    def __init__(self, connection: KafkaConnection, delivery_timeout_s: float) -> None:
        self._prefix = connection.topic_prefix
        self._servers = connection.bootstrap_servers
        self._topic = connection.topic_name(Topic.DEAD_LETTER)
        self._encode = encoder(Topic.DEAD_LETTER.subject)
        self._timeout_s = delivery_timeout_s
        self._settings: dict[str, Any] = {
            **connection.producer_config(),
            "delivery.timeout.ms": int(delivery_timeout_s * 1000),
            "logger": QUIET,
        }
        self._producer = Producer(self._settings)

    def send(self, batch: RawBatch, rejects: Sequence[Reject], identity: str) -> None:
        """Publish the dead letters of a batch and wait until Kafka has acknowledged them; a repetition changes nothing.

        Raises:
            Unavailable: Kafka did not acknowledge all of them.
            SystemFault: Kafka refuses to let us write them.
        """
        for first in range(0, len(rejects), _CHUNK):
            self._send_chunk(batch, rejects[first : first + _CHUNK], identity)
        for reject in rejects:
            DEAD_LETTERS.labels(batch.topic.subject, reject.reason).inc()
            log.warning(
                "record_set_aside",
                topic=batch.topic.subject,
                partition=batch.partition,
                offset=batch.offsets[reject.index],
                reason=str(reject.reason),
                detail=reject.detail,
            )

    def _send_chunk(self, batch: RawBatch, rejects: Sequence[Reject], identity: str) -> None:
        failed: list[KafkaError] = []
        origin = batch.topic.value.name(self._prefix)

        def delivered(error: KafkaError | None, _message: Message) -> None:
            if error is not None:
                failed.append(error)

        try:
            for reject in rejects:
                letter = dead_letter(batch, reject, stage=STAGE, topic_name=origin, topic_identity=identity)
                self._producer.produce(
                    self._topic, key=letter.key, value=self._encode(letter.to_avro()), on_delivery=delivered
                )
                self._producer.poll(0)
        except BufferError:
            raise Unavailable("Kafka takes no more dead letters: earlier ones are not acknowledged yet") from None
        except KafkaException as exception:
            failed.append(exception.args[0])
        left = self._producer.flush(self._timeout_s + 1)
        if left or failed:
            self._give_up(left, failed)

    def _give_up(self, left: int, failed: Sequence[KafkaError]) -> NoReturn:
        names = ", ".join(sorted({error.name() for error in failed}))
        for error in failed:
            if fault := refusal(error, self._servers, f"grant WRITE on {self._topic}"):
                raise fault
        if any(error.fatal() for error in failed):
            # Such a producer never sends again: without a new one the sink would wait for ever for a healthy broker.
            self._producer = Producer(self._settings)
        raise Unavailable(f"Kafka did not acknowledge {left + len(failed)} dead letters ({names})")
