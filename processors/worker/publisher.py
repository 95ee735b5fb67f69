"""Producing the outputs of a batch and waiting until Kafka has all of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer

from processors.worker import metrics
from schemas.connection import KafkaConnection
from schemas.errors import OutcomeUnknown, SystemFault

_log = structlog.get_logger(__name__)

_RETRY_PAUSE_S = 1.0
_POLL_EACH = 64
"""Delivery reports are taken after so many records: asking after each costs more than producing it."""

# No answer, or an answer that another attempt may change; everything else needs an operator.
_UNDECIDED = frozenset(
    {
        KafkaError._MSG_TIMED_OUT,  # noqa: SLF001 - librdkafka's own error codes are written like this
        KafkaError._TIMED_OUT,  # noqa: SLF001 - as above
        KafkaError._TRANSPORT,  # noqa: SLF001 - as above
        KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001 - as above
        KafkaError._RETRY,  # noqa: SLF001 - as above
    }
)


class Message(NamedTuple):
    """A record to be produced.

    Attributes:
        topic: Full name of the topic.
        key: Key.
        value: Framed value.
    """

    topic: str
    key: bytes | None
    value: bytes


@dataclass(slots=True)
class _Attempt:
    """Delivery reports of one attempt; filled by `poll` in the publishing thread."""

    pending: int = 0
    first_undelivered: int | None = None
    error: KafkaError | None = None
    fault: KafkaError | None = None

    def report(self, index: int, error: KafkaError | None, _message: Any = None) -> None:
        self.pending -= 1
        if error is None:
            return
        if error.code() not in _UNDECIDED and not error.retriable():
            self.fault = error
        self.error = error
        self.first_undelivered = index if self.first_undelivered is None else min(index, self.first_undelivered)


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
        self._producer = Producer({**connection.producer_config(), "client.id": f"hailong-{stage}"})

    def publish(self, messages: Sequence[Message]) -> None:
        """Produce in order and wait for all acknowledgements, however long Kafka takes.

        Where an outcome is unknown, everything from that record on is produced again, identically and in order, so that
        the last record of a key stays the last.

        Raises:
            SystemFault: Kafka refuses for good: missing topic or right, record too large, fenced producer.
            OutcomeUnknown: `abort` was called before everything was acknowledged.
        """
        started = time.monotonic()
        start = 0
        while start < len(messages):
            attempt = self._attempt(messages, start)
            if attempt.fault is not None:
                raise SystemFault(f"Kafka at {self._where} refuses output of {self._stage}: {attempt.fault.name()}")
            if attempt.first_undelivered is None:
                break
            start = attempt.first_undelivered
            assert attempt.error is not None
            metrics.PUBLISH_RETRIES.labels(self._stage).inc(len(messages) - start)
            _log.warning(
                "publish_retried", stage=self._stage, records=len(messages) - start, error=attempt.error.name()
            )
            self.pause()
        metrics.PUBLISH_SECONDS.labels(self._stage).observe(time.monotonic() - started)

    def pause(self) -> None:
        """Let Kafka recover before the next attempt.

        Raises:
            OutcomeUnknown: `abort` was called.
        """
        self._abort.wait(_RETRY_PAUSE_S)
        self._check_abort()

    def _attempt(self, messages: Sequence[Message], start: int) -> _Attempt:
        attempt = _Attempt()
        for index in range(start, len(messages)):
            self._produce(messages[index], partial(attempt.report, index), attempt)
            if index % _POLL_EACH == 0:
                self._producer.poll(0)
            if attempt.error is not None:
                break  # the rest would only overtake what has to be sent again
        while attempt.pending:
            self._producer.poll(0.5)
            self._check_abort()
        return attempt

    def _produce(self, message: Message, report: Callable[..., None], attempt: _Attempt) -> None:
        while True:
            try:
                self._producer.produce(message.topic, value=message.value, key=message.key, on_delivery=report)
            except BufferError:
                # The queue is full: Kafka is slower than we are. Wait for room.
                self._producer.poll(0.5)
                self._check_abort()
            except KafkaException as exception:
                attempt.pending += 1
                report(exception.args[0])
                return
            else:
                attempt.pending += 1
                return

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
