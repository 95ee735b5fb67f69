"""The publisher: an idempotent producer whose promises can be awaited."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from confluent_kafka import KafkaError, Message, Producer

from producers.sdk.events import encoded_rating, encoded_status
from schemas.connection import KafkaConnection
from schemas.errors import HailongError, SystemFault, Unavailable
from schemas.records import DeclarationStatus, Rating
from schemas.topics import Topic

_QUEUE_MESSAGES = 200_000
_QUEUE_KBYTES = 256 * 1024
_SLICE_S = 0.2


class DeliveryFailed(HailongError):
    """Kafka did not take an event, for good."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where an event landed."""

    topic: str
    partition: int
    offset: int


class Delivery:
    """The promise of one event."""

    def __init__(self, future: Future[Receipt]) -> None:
        self._future = future

    def result(self, timeout: float | None = None) -> Receipt:
        """Wait until Kafka has the event.

        Raises:
            DeliveryFailed: Kafka did not take it.
            Unavailable: No answer within `timeout` seconds; the event is still on its way.
        """
        try:
            return self._future.result(timeout)
        except FutureTimeoutError:
            raise Unavailable(f"Kafka did not acknowledge the event within {timeout:g} s") from None

    def done(self) -> bool:
        """Whether the outcome is known."""
        return self._future.done()


class EventPublisher:
    """Publishes events; usable from several threads; a context manager whose end waits for every delivery.

    Args:
        connection: The cluster.
        clock: The present, epoch milliseconds.
        full_queue_timeout_s: How long a full local queue may hold back a caller before `Unavailable` is raised.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        *,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        full_queue_timeout_s: float = 60.0,
    ) -> None:
        self._prefix = connection.topic_prefix
        self._clock = clock
        self._full_queue_timeout_s = full_queue_timeout_s
        self._failed: list[str] = []
        self._fatal: KafkaError | None = None
        self._closed = False
        settings: dict[str, Any] = {
            **connection.producer_config(),
            "queue.buffering.max.messages": _QUEUE_MESSAGES,
            "queue.buffering.max.kbytes": _QUEUE_KBYTES,
            "error_cb": self._on_error,
        }
        self._producer = Producer(settings)
        # Delivery reports come only while somebody polls; a caller that just waits for a result must get it.
        self._poller = threading.Thread(target=self._poll, name="hailong-publisher", daemon=True)
        self._poller.start()

    def publish_status(
        self, event: DeclarationStatus, on_delivery: Callable[[Delivery], None] | None = None
    ) -> Delivery:
        """Send a status event.

        Raises:
            InvalidEvent: It breaks rules; nothing was sent.
            Unavailable: The local queue stayed full: Kafka is away or too slow.
            SystemFault: The producer cannot go on.
        """
        key, value = encoded_status(event, self._clock())
        return self._promise(Topic.DECLARATION_STATUS, key, value, on_delivery)

    def publish_rating(self, sheet: Rating, on_delivery: Callable[[Delivery], None] | None = None) -> Delivery:
        """Send one revision of a rating sheet; errors as `publish_status`."""
        key, value = encoded_rating(sheet, self._clock())
        return self._promise(Topic.RATING, key, value, on_delivery)

    def publish_encoded(self, topic: Topic, key: bytes, value: bytes) -> None:
        """Send bytes that are already a record of the contract, unchecked; the fast way for replays.

        Failures are counted and raised by `flush` and `close`; errors as `publish_status`.
        """
        self._enqueue(topic, key, value, self._note)

    def _promise(
        self, topic: Topic, key: bytes, value: bytes, on_delivery: Callable[[Delivery], None] | None
    ) -> Delivery:
        future: Future[Receipt] = Future()
        delivery = Delivery(future)

        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                self._failed.append(error.name())
                future.set_exception(DeliveryFailed(f"Kafka did not take the event ({error.name()})"))
            else:
                future.set_result(Receipt(message.topic() or "", message.partition() or 0, message.offset() or 0))
            if on_delivery is not None:
                on_delivery(delivery)

        self._enqueue(topic, key, value, delivered)
        return delivery

    def _enqueue(
        self, topic: Topic, key: bytes, value: bytes, report: Callable[[KafkaError | None, Message], None]
    ) -> None:
        name = topic.value.name(self._prefix)
        deadline = time.monotonic() + self._full_queue_timeout_s
        while True:
            self._check()
            try:
                self._producer.produce(name, value, key, on_delivery=report)
            except BufferError:
                self._wait_for_room(deadline)
            else:
                return

    def _wait_for_room(self, deadline: float) -> None:
        """The queue is full: hold the caller back until reports have made room."""
        self._producer.poll(_SLICE_S)
        if time.monotonic() > deadline:
            raise Unavailable(
                f"Kafka took nothing for {self._full_queue_timeout_s:g} s while {len(self._producer)} events wait"
            )

    def _check(self) -> None:
        if self._closed:
            raise SystemFault("the publisher is closed")
        if self._fatal is not None:
            raise SystemFault(f"the producer cannot go on ({self._fatal.name()}): make a new publisher")

    def _note(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self._failed.append(error.name())

    def _on_error(self, error: KafkaError) -> None:
        if error.fatal():
            self._fatal = error

    def _poll(self) -> None:
        while not self._closed:
            self._producer.poll(_SLICE_S)

    def flush(self, timeout_s: float | None = None) -> None:
        """Wait until Kafka has every event sent so far.

        Raises:
            DeliveryFailed: Some were refused; says how many and why.
            Unavailable: Some are still on their way after `timeout_s` seconds (None: wait without end).
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while left := self._producer.flush(_SLICE_S):
            if self._fatal is not None:
                self._check()
            if deadline is not None and time.monotonic() > deadline:
                raise Unavailable(f"{left} events are still on their way to Kafka after {timeout_s:g} s")
        if self._failed:
            failed, self._failed = self._failed, []
            raise DeliveryFailed(f"Kafka did not take {len(failed)} events ({failed[0]})")

    def close(self, timeout_s: float | None = 120.0) -> None:
        """Wait for every delivery, then let the connection go; raises as `flush` does."""
        if self._closed:
            return
        try:
            self.flush(timeout_s)
        finally:
            self._closed = True
            self._poller.join(2 * _SLICE_S + 1)

    def __enter__(self) -> Self:
        """The publisher itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()
