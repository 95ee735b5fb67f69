"""Producing the outputs of a batch and waiting until Kafka has all of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer

from processors.worker import metrics
from schemas.errors import OutcomeUnknown, SystemFault
from schemas.kafka.client_errors import may_succeed_later
from schemas.kafka.connection import KafkaConnection

_log = structlog.get_logger(__name__)

_RETRY_PAUSE_S = 1.0
_ROOM_S = 0.1
"""How long room is waited for; below the 0.2 s from which `poll` goes on waiting when it has taken something."""
_LOOK_S = 0.5
"""How long Kafka is waited for before somebody may have called it off."""

Message = tuple[str, bytes | None, bytes]
"""A record to be produced: full name of the topic, key, framed value. A plain tuple, for there are many."""


class Publisher:
    """An idempotent producer that returns when everything is acknowledged. Used from one thread at a time.

    Args:
        connection: The cluster.
        stage: For metrics and logs.
    """

    def __init__(self, connection: KafkaConnection, stage: str) -> None:
        self._stage = stage
        self._where = connection.bootstrap_servers
        self._abort = threading.Event()
        settings = {
            **connection.producer_config(),
            "client.id": f"hailong-{stage}",
            # A record that arrived calls nothing. When `flush` returns 0 none is left, and what failed was reported.
            "delivery.report.only.error": True,
        }
        self._producer = Producer(settings)

    def publish(self, messages: Sequence[Message]) -> None:
        """Produce in order and wait for all acknowledgements, however long Kafka takes.

        Where an outcome is unknown, everything is produced again, identically and in order, so that the last record of
        a key stays the last.

        Raises:
            SystemFault: Kafka refuses for good: missing topic or right, record too large, fenced producer.
            OutcomeUnknown: `abort` was called before everything was acknowledged.
        """
        started = time.monotonic()
        while errors := self._attempt(messages):
            for error in errors:
                if not may_succeed_later(error):
                    raise SystemFault(f"Kafka at {self._where} refuses output of {self._stage}: {error.name()}")
            metrics.PUBLISH_RETRIES.labels(self._stage).inc(len(messages))
            _log.warning("publish_retried", stage=self._stage, records=len(messages), error=errors[0].name())
            self.pause()
        metrics.PUBLISH_SECONDS.labels(self._stage).observe(time.monotonic() - started)

    def pause(self) -> None:
        """Let Kafka recover before the next attempt.

        Raises:
            OutcomeUnknown: `abort` was called.
        """
        self._abort.wait(_RETRY_PAUSE_S)
        self._check_abort()

    def _attempt(self, messages: Sequence[Message]) -> Sequence[KafkaError]:
        """Errors of the records that Kafka does not have now; none if it has all."""
        errors: list[KafkaError] = []

        def failed(error: KafkaError, _message: object) -> None:
            errors.append(error)

        for message in messages:
            self._produce(message, failed, errors)
            if errors:
                break  # the rest would only overtake what has to be sent again
        while self._producer.flush(_LOOK_S):
            self._check_abort()
        return errors

    def _produce(self, message: Message, failed: Callable[..., None], errors: list[KafkaError]) -> None:
        topic, key, value = message
        while True:
            try:
                return self._producer.produce(topic, value, key, on_delivery=failed)
            except BufferError:
                # The queue is full, be it of records that arrived and whose reports nobody took. Make room.
                self._producer.poll(_ROOM_S)
                self._check_abort()
            except KafkaException as exception:
                return errors.append(exception.args[0])

    def _check_abort(self) -> None:
        if self._abort.is_set():
            raise OutcomeUnknown(f"{self._stage} stopped before Kafka acknowledged its output")

    def abort(self) -> None:
        """Give up waiting; from any thread. What was being published counts as not done."""
        self._abort.set()

    def close(self) -> None:
        """Drop what is left; only what `publish` returned for was promised."""
        self._producer.purge()
        self._producer.flush(1.0)
