"""The publisher: an idempotent producer whose promises can be awaited."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import structlog
from confluent_kafka import KafkaError, Message, Producer

from producers.clock import wall_clock
from producers.sdk.delivery import Delivery, DeliveryFailed, Receipt
from producers.sdk.events import InvalidEvent, encoded_action, encoded_contact_key, encoded_rating, encoded_status
from producers.sdk.metrics import HELD_BACK
from producers.sdk.outcomes import Outcomes
from schemas.contacts.sealing import Contact, SealingKeys, seal_with_own_key
from schemas.errors import ConfigurationError, HailongError, Problem, Reason, SystemFault, Unavailable
from schemas.kafka.client_errors import refusal
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.quiet_logger import QUIET
from schemas.kafka.topic_metadata import describe_names, uneven_partitions
from schemas.records import ComplaintAction, ContactKey, DeclarationStatus, Rating
from schemas.topics import CO_PARTITIONED, Topic

_WRITTEN = tuple(group for group in CO_PARTITIONED if Topic.RATING in group)
"""What producers write that is joined; the topics of complaints may be closed to those who only send events."""

log = structlog.get_logger(__name__)

# Measured on 2 shared cores against the embedded broker, 130-byte records: 340,000 to 410,000 records/s, with
# librdkafka's defaults 200,000. Larger queues only cost memory; produce_batch() is no faster than produce().
_TUNING = {
    "linger.ms": 20,
    "batch.size": 1_000_000,
    "batch.num.messages": 10_000,
    "queue.buffering.max.messages": 200_000,
    "queue.buffering.max.kbytes": 256 * 1024,
}
_SLICE_S = 0.1
_PAUSE_S = 0.005


class EventPublisher:
    """Publishes events; usable from several threads; a context manager whose end waits for every delivery.

    Entering it asks the broker for the topics: a wrong address or password and missing topics show at once.

    Args:
        connection: The cluster.
        clock: The time now, epoch milliseconds.
        sealing_keys: What contacts are sealed with; None: a contact in clear is refused.
        full_queue_timeout_s: How long a full local queue may hold back a caller before `Unavailable` is raised.
        delivery_timeout_s: After how long without acknowledgement an event counts as not delivered.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        *,
        clock: Callable[[], int] = wall_clock,
        sealing_keys: SealingKeys | None = None,
        full_queue_timeout_s: float = 60.0,
        delivery_timeout_s: float = 120.0,
    ) -> None:
        self._connection = connection
        self._names = {topic: topic.value.name(connection.topic_prefix) for topic in Topic}
        self._clock = clock
        self._sealing_keys = sealing_keys
        self._full_queue_timeout_s = full_queue_timeout_s
        self._delivery_timeout_s = delivery_timeout_s
        self._outcomes = Outcomes()
        self._fatal: str | None = None
        self._closed = False
        settings: dict[str, Any] = {
            **connection.producer_config(),
            **_TUNING,
            "message.timeout.ms": int(delivery_timeout_s * 1000),
            "error_cb": self._on_error,
            "on_delivery": self._outcomes.note,
            "logger": QUIET,
        }
        self._producer = Producer(settings)
        # Delivery reports come only while somebody polls; a caller that just waits for a result must get it.
        self._stop_polling = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="hailong-publisher", daemon=True)
        self._poller.start()

    def check(self, timeout_s: float = 10.0) -> None:
        """Make sure that the topics of events are there and fit together.

        Raises:
            Unavailable: No broker answered in time.
            SystemFault: It refused our credentials.
            ConfigurationError: Topics are missing, or joined topics differ in their number of partitions.
        """
        names = [self._names[topic] for group in _WRITTEN for topic in group]
        found = describe_names(self._connection, names, timeout_s)
        problems = [f"Topic {name} does not exist: create the topics first." for name in names if name not in found]
        for group in _WRITTEN:
            joined = [self._names[topic] for topic in group if self._names[topic] in found]
            if uneven := uneven_partitions({name: found[name].partitions for name in joined}):
                problems.append(f"Joined topics must have equal partition counts: {uneven}.")
        if problems:
            raise ConfigurationError(problems)

    def publish_status(
        self, event: DeclarationStatus, on_delivery: Callable[[Delivery], None] | None = None
    ) -> Delivery:
        """Send a status event.

        Args:
            event: The event.
            on_delivery: Called once with the outcome, in the publisher's own thread: be quick. What it raises is raised
                again by `flush` and `close`.

        Raises:
            InvalidEvent: It breaks rules; nothing was sent.
            Unavailable: The local queue stayed full: Kafka is away or too slow; nothing was sent.
            SystemFault: The producer cannot go on.
        """
        now = self._clock()
        key, value = encoded_status(event, now)
        return self._promise(Topic.DECLARATION_STATUS, key, value, now, on_delivery)

    def publish_rating(
        self,
        sheet: Rating,
        on_delivery: Callable[[Delivery], None] | None = None,
        *,
        contact: Contact | None = None,
    ) -> Delivery:
        """Send one revision of a rating sheet; arguments and errors as `publish_status`.

        Args:
            sheet: The sheet.
            on_delivery: As in `publish_status`.
            contact: Name and phone in clear, sealed here before anything leaves the process, with a key of the
                sheet's own. That key is in Kafka before the sheet is sent: nobody could open it without.

        Raises:
            DeliveryFailed: Kafka did not take the contact's key; nothing else was sent.
        """
        now = self._clock()
        if contact is not None:
            encoded_rating(sheet, now)  # refused by the rules before anything is sealed for its id
            envelope, contact_key = self._sealed(contact, sheet, now)
            sheet = replace(sheet, contact=envelope)
        key, value = encoded_rating(sheet, now)
        if contact is not None:
            self._keep(contact_key, now)
        return self._promise(Topic.RATING, key, value, now, on_delivery)

    def publish_complaint_action(
        self, action: ComplaintAction, on_delivery: Callable[[Delivery], None] | None = None
    ) -> Delivery:
        """Send what somebody does about a complaint; arguments and errors as `publish_status`.

        Whether the case allows it is said later, in `complaint-event`: ACCEPTED or REFUSED with the action's id.
        """
        now = self._clock()
        key, value = encoded_action(action, now)
        return self._promise(Topic.COMPLAINT_ACTION, key, value, now, on_delivery)

    def publish_encoded(self, topic: Topic, key: bytes, value: bytes, timestamp_ms: int | None = None) -> None:
        """Send bytes that are already a record of the contract, unchecked; the fast way for many.

        Failures are counted and raised by `flush` and `close`; errors as `publish_status`.

        Args:
            topic: Where to.
            key: Key.
            value: Framed value.
            timestamp_ms: Kafka timestamp, epoch milliseconds; None for the present.
        """
        try:
            # The queue's first word, so that a record costs one call while there is room; the rest is the slow way.
            if self._fatal is None and not self._closed:
                self._producer.produce(self._names[topic], value, key, timestamp=timestamp_ms or 0)
                return
        except BufferError:
            pass
        self._enqueue(topic, key, value, timestamp_ms or 0, self._outcomes.note)

    def flush(self, timeout_s: float | None = None) -> None:
        """Wait until Kafka has every event sent so far.

        Raises:
            DeliveryFailed: Some were not taken; says how many and why, once.
            Unavailable: Some are on their way after `timeout_s` seconds; None: waits until all is known.
            SystemFault: The producer cannot go on.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while left := len(self._producer):
            if self._fatal is not None:
                raise SystemFault(f"{self._fatal}; {left} events were not delivered")
            if deadline is not None and time.monotonic() > deadline:
                where = self._connection.bootstrap_servers
                raise Unavailable(f"{left} events are still on their way to Kafka at {where} after {timeout_s:g} s")
            self._stop_polling.wait(_PAUSE_S)
        self._outcomes.raise_failures()

    def close(self, timeout_s: float | None = None) -> None:
        """Wait for every delivery, then let the connection go.

        What is still on its way after `timeout_s` (None: until each event is delivered or failed) is given up: its
        `Delivery` fails, and the error says how many they are. Raises as `flush`; harmless when repeated.
        """
        if self._closed:
            return
        self._closed = True  # nothing new comes in while we wait
        try:
            self.flush(timeout_s)
        finally:
            self._producer.purge()
            self._stop_polling.set()
            self._poller.join()

    def __enter__(self) -> Self:
        """The publisher, once the broker has been asked; errors as `check`."""
        try:
            self.check()
        except BaseException:
            self.close(0)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it; an error that is already under way stays the one that is raised, and is told what was lost."""
        try:
            self.close()
        except HailongError as lost:
            if error is None:
                raise
            error.add_note(f"While closing the publisher: {lost}")

    def _keep(self, contact_key: ContactKey, now: int) -> None:
        key, value = encoded_contact_key(contact_key)
        self._promise(Topic.CONTACT_KEY, key, value, now, None).result(self._delivery_timeout_s)

    def _sealed(self, contact: Contact, sheet: Rating, now: int) -> tuple[bytes, ContactKey]:
        if self._sealing_keys is None:
            raise ConfigurationError(["A contact can only be sent sealed: give the publisher sealing keys."])
        faults = contact.faults()
        if faults:
            raise InvalidEvent([Problem(field, Reason.BAD_FIELD, rule) for field, rule in faults])
        return seal_with_own_key(contact, sheet.sheet_id, sheet.declaration_no, self._sealing_keys, now)

    def _promise(
        self, topic: Topic, key: bytes, value: bytes, now: int, on_delivery: Callable[[Delivery], None] | None
    ) -> Delivery:
        future: Future[Receipt] = Future()
        delivery = Delivery(future)

        def report(error: KafkaError | None, message: Message) -> None:
            self._outcomes.note(error, message)
            if error is not None:
                future.set_exception(DeliveryFailed(f"Kafka did not take the event ({error.name()})"))
            else:
                future.set_result(Receipt(message.topic() or "", message.partition() or 0, message.offset() or 0))
            if on_delivery is not None:
                self._outcomes.guard(lambda: on_delivery(delivery))

        self._enqueue(topic, key, value, now, report)
        return delivery

    def _enqueue(
        self,
        topic: Topic,
        key: bytes,
        value: bytes,
        timestamp_ms: int,
        report: Callable[[KafkaError | None, Message], None],
    ) -> None:
        started = time.monotonic()
        while True:
            self._check()
            try:
                self._producer.produce(self._names[topic], value, key, on_delivery=report, timestamp=timestamp_ms)
            except BufferError:
                self._wait_for_room(started)
            else:
                return

    def _wait_for_room(self, started: float) -> None:
        """The queue is full: hold the caller back until reports have made room."""
        before = time.monotonic()
        self._stop_polling.wait(_PAUSE_S)
        now = time.monotonic()
        HELD_BACK.inc(now - before)
        if now - started > self._full_queue_timeout_s:
            raise Unavailable(
                f"Kafka at {self._connection.bootstrap_servers} took nothing for {self._full_queue_timeout_s:g} s "
                f"while {len(self._producer)} events wait"
            )

    def _check(self) -> None:
        if self._closed:
            raise SystemFault("the publisher is closed")
        if self._fatal is not None:
            raise SystemFault(f"{self._fatal}: make a new publisher")

    def _on_error(self, error: KafkaError) -> None:
        log.warning("kafka_error", code=error.name(), fatal=error.fatal())
        if error.fatal():
            self._fatal = f"the producer cannot go on ({error.name()})"
        elif fault := refusal(error, self._connection.bootstrap_servers):
            self._fatal = str(fault)

    def _poll(self) -> None:
        while not self._stop_polling.is_set():
            self._producer.poll(_SLICE_S)
            self._outcomes.show()
        self._producer.poll(0)  # the reports of what was given up
        self._outcomes.show()
