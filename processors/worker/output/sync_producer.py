"""A producer that waits until Kafka has acknowledged all outputs of a batch."""

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
_QUEUE_WAIT_S = 0.1
"""How long to wait for room in the queue; below 0.2 s, from which on `poll` keeps waiting after it served a report."""
_FLUSH_WAIT_S = 0.5
"""How long to wait for Kafka before looking whether `abort` was called."""

Message = tuple[str, bytes | None, bytes]
"""A record to produce: full topic name, key, framed value. A plain tuple, because there are many."""


class SyncProducer:
    """An idempotent producer that returns when everything is acknowledged. Used from one thread at a time."""

    def __init__(self, connection: KafkaConnection, stage: str) -> None:
        self._stage = stage
        self._servers = connection.bootstrap_servers
        self._abort = threading.Event()
        settings = {
            **connection.producer_config(),
            "client.id": f"hailong-{stage}",
            # No callback for a record that arrived. When `flush` returns 0, none is left and all failures are reported.
            "delivery.report.only.error": True,
        }
        self._producer = Producer(settings)

    def publish(self, messages: Sequence[Message]) -> None:
        """Produce in order and wait for all acknowledgements, however long Kafka takes.

        If one outcome is unknown, all messages are produced again, identical and in order. So the last record of a key
        stays the last, and the fixed ids make the repetition harmless.

        Raises:
            SystemFault: Kafka refuses for good: missing topic or right, record too large, fenced producer.
            OutcomeUnknown: `abort` was called before everything was acknowledged.
        """
        started = time.monotonic()
        while errors := self._attempt(messages):
            for error in errors:
                if not may_succeed_later(error):
                    raise SystemFault(f"Kafka at {self._servers} refuses output of {self._stage}: {error.name()}")
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
        """Errors of the records that Kafka did not acknowledge; none if it has all."""
        errors: list[KafkaError] = []

        def on_delivery(error: KafkaError, _message: object) -> None:
            errors.append(error)

        for message in messages:
            self._produce(message, on_delivery, errors)
            if errors:
                break  # the rest would only overtake the records that must be sent again
        while self._producer.flush(_FLUSH_WAIT_S):
            self._check_abort()
        return errors

    def _produce(self, message: Message, on_delivery: Callable[..., None], errors: list[KafkaError]) -> None:
        topic, key, value = message
        while True:
            try:
                return self._producer.produce(topic, value, key, on_delivery=on_delivery)
            except BufferError:
                # The queue is full; `poll` makes room by serving reports.
                self._producer.poll(_QUEUE_WAIT_S)
                self._check_abort()
            except KafkaException as exception:
                return errors.append(exception.args[0])

    def _check_abort(self) -> None:
        if self._abort.is_set():
            raise OutcomeUnknown(f"{self._stage} stopped before Kafka acknowledged its output")

    def abort(self) -> None:
        """Stop waiting; from any thread. The batch that is being published counts as not done."""
        self._abort.set()
