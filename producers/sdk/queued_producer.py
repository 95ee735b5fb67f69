"""A Kafka producer with a bounded queue: it holds callers back when Kafka is slow, and reports every failure."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Self

import structlog
from confluent_kafka import KafkaError, Message, Producer

from producers.sdk.delivery import Delivery, DeliveryFailed, Receipt
from producers.sdk.delivery_outcomes import DeliveryOutcomes
from producers.sdk.metrics import HELD_BACK
from schemas.errors import HailongError, SystemFault, Unavailable
from schemas.kafka.client_errors import refusal
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.quiet_logger import QUIET
from schemas.topics import Topic

_log = structlog.get_logger(__name__)

# Measured on 2 shared cores against the embedded broker, 130-byte records: 340,000 to 410,000 records/s, with
# librdkafka's defaults 200,000. Larger queues only cost memory; produce_batch() is no faster than produce().
_TUNING = {
    "linger.ms": 20,
    "batch.size": 1_000_000,
    "batch.num.messages": 10_000,
    "queue.buffering.max.messages": 200_000,
    "queue.buffering.max.kbytes": 256 * 1024,
}
_POLL_S = 0.1
_PAUSE_S = 0.005

OnDelivery = Callable[[Delivery], None]
Report = Callable[[KafkaError | None, Message], None]


class QueuedProducer:
    """An idempotent producer; usable from several threads; a context manager that waits for every delivery at its end.

    Args:
        connection: The cluster.
        full_queue_timeout_s: How long a full local queue may hold back a caller before `Unavailable` is raised.
        delivery_timeout_s: After how long without acknowledgement an event counts as not delivered.
    """

    def __init__(
        self, connection: KafkaConnection, *, full_queue_timeout_s: float = 60.0, delivery_timeout_s: float = 120.0
    ) -> None:
        self._connection = connection
        self._names = {topic: connection.topic_name(topic) for topic in Topic}
        self._full_queue_timeout_s = full_queue_timeout_s
        self._delivery_timeout_s = delivery_timeout_s
        self._outcomes = DeliveryOutcomes()
        self._fatal: str | None = None
        self._closed = False
        reporting = {"error_cb": self._on_error, "on_delivery": self._outcomes.note, "logger": QUIET}
        timeout = {"message.timeout.ms": int(delivery_timeout_s * 1000)}
        self._producer = Producer({**connection.producer_config(), **_TUNING, **timeout, **reporting})
        # Delivery reports arrive only while somebody polls, and a caller that waits for a result does not.
        self._stop_polling = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="hailong-publisher", daemon=True)
        self._poller.start()

    def publish_encoded(self, topic: Topic, key: bytes, value: bytes, timestamp_ms: int | None = None) -> None:
        """Send bytes that are already a record of the contract, unchecked: the fast way for many records.

        Failures are counted and raised by `flush` and `close`.

        Args:
            topic: The topic.
            key: Key.
            value: Framed value.
            timestamp_ms: Kafka timestamp, epoch milliseconds; None: now.

        Raises:
            Unavailable: The local queue stayed full: Kafka is away or too slow; nothing was sent.
            SystemFault: The producer cannot continue.
        """
        try:
            # While the queue has room a record costs one call; `_enqueue` is the slow way.
            if self._fatal is None and not self._closed:
                self._producer.produce(self._names[topic], value, key, timestamp=timestamp_ms or 0)
                return
        except BufferError:
            pass
        self._enqueue(topic, key, value, timestamp_ms or 0, self._outcomes.note)

    def send(
        self,
        topic: Topic,
        key: bytes | None,
        value: bytes | None,
        timestamp_ms: int | None = None,
        on_delivery: OnDelivery | None = None,
    ) -> Delivery:
        """Send one record whose delivery can be awaited; arguments and errors as `publish_encoded`.

        A value of None is a tombstone. `on_delivery` is called once with the outcome, in the producer's own thread, so
        it must be quick; `flush` and `close` raise again what it raises.
        """
        future: Future[Receipt] = Future()
        delivery = Delivery(future)

        def report(error: KafkaError | None, message: Message) -> None:
            self._outcomes.note(error, message)
            if error is not None:
                future.set_exception(DeliveryFailed(f"Kafka did not accept the event ({error.name()})"))
            else:
                future.set_result(Receipt(message.topic() or "", message.partition() or 0, message.offset() or 0))
            if on_delivery is not None:
                self._outcomes.guard(lambda: on_delivery(delivery))

        self._enqueue(topic, key, value, timestamp_ms or 0, report)
        return delivery

    def flush(self, timeout_s: float | None = None) -> None:
        """Wait until Kafka has every event sent so far.

        Raises:
            DeliveryFailed: Kafka did not accept some; says how many and why, once.
            Unavailable: Some are not acknowledged after `timeout_s` seconds; None: wait until all outcomes are known.
            SystemFault: The producer cannot continue.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while left := len(self._producer):
            if self._fatal is not None:
                raise SystemFault(f"{self._fatal}; {_at_most(left)} were not delivered")
            if deadline is not None and time.monotonic() > deadline:
                where = self._connection.bootstrap_servers
                raise Unavailable(f"Kafka at {where} has not acknowledged {_at_most(left)} after {timeout_s:g} s")
            self._stop_polling.wait(_PAUSE_S)
        self._outcomes.raise_failures()

    def close(self, timeout_s: float | None = None) -> None:
        """Wait for every delivery, then close the connection; errors as `flush`; harmless when repeated.

        Events that are not acknowledged after `timeout_s` (None: wait until each is delivered or failed) are given up:
        their `Delivery` fails, and the error says how many they are at most.
        """
        if self._closed:
            return
        self._closed = True  # nothing new is accepted while we wait
        try:
            self.flush(timeout_s)
        finally:
            self._producer.purge()
            self._stop_polling.set()
            self._poller.join()

    def __enter__(self) -> Self:
        """The producer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it. An error of the block is raised as it is, with a note about events that were lost."""
        try:
            self.close()
        except HailongError as lost:
            if error is None:
                raise
            error.add_note(f"While closing the publisher: {lost}")

    def _enqueue(self, topic: Topic, key: bytes | None, value: bytes | None, timestamp_ms: int, report: Report) -> None:
        started = time.monotonic()
        while True:
            if self._closed:
                raise SystemFault("the publisher is closed")
            if self._fatal is not None:
                raise SystemFault(f"{self._fatal}: create a new publisher")
            try:
                self._producer.produce(self._names[topic], value, key, on_delivery=report, timestamp=timestamp_ms)
            except BufferError:
                self._wait_for_room(started)
            else:
                return

    def _wait_for_room(self, started: float) -> None:
        """Hold the caller back while the queue is full; delivery reports make room."""
        before = time.monotonic()
        self._stop_polling.wait(_PAUSE_S)
        now = time.monotonic()
        HELD_BACK.inc(now - before)
        if now - started > self._full_queue_timeout_s:
            raise Unavailable(
                f"Kafka at {self._connection.bootstrap_servers} accepted nothing for {self._full_queue_timeout_s:g} s "
                f"while {_at_most(len(self._producer))} wait"
            )

    def _on_error(self, error: KafkaError) -> None:
        _log.warning("kafka_error", code=error.name(), fatal=error.fatal())
        if error.fatal():
            self._fatal = f"the producer cannot continue ({error.name()})"
        elif fault := refusal(error, self._connection.bootstrap_servers):
            self._fatal = str(fault)

    def _poll(self) -> None:
        while not self._stop_polling.is_set():
            self._producer.poll(_POLL_S)
            self._outcomes.update_metric()
        self._producer.poll(0)  # the reports of events that were given up
        self._outcomes.update_metric()


def _at_most(waiting: int) -> str:
    """How many events a producer of that length has: librdkafka counts reports that nobody has taken yet with them."""
    return f"at most {waiting} event{'' if waiting == 1 else 's'}"
