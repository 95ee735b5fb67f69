"""The publisher: checks, seals, encodes and sends events, and lets their deliveries be awaited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Self

from producers.clock import wall_clock
from producers.sdk.delivery import Delivery
from producers.sdk.events import (
    InvalidEvent,
    encoded_action,
    encoded_alert_action,
    encoded_contact_key,
    encoded_rating,
    encoded_status,
)
from producers.sdk.queued_producer import OnDelivery, QueuedProducer
from schemas.contacts.sealing import Contact, SealingKeys, seal_with_own_key
from schemas.errors import ConfigurationError, Problem, Reason
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_metadata import describe_names, uneven_partitions
from schemas.records.alerts import AlertAction
from schemas.records.cases import ComplaintAction
from schemas.records.events import ContactKey, DeclarationStatus, Rating
from schemas.topics import CO_PARTITIONED, Topic

_JOINED = tuple(group for group in CO_PARTITIONED if Topic.RATING in group)
"""Joined topics that producers write; the topics of complaints may be closed to those who only send events."""


class EventPublisher(QueuedProducer):
    """Publishes events; usable from several threads; a context manager that waits for every delivery at its end.

    Entering it asks the broker for the topics, so a wrong address or password and missing topics are reported at once.

    Args:
        connection: The cluster.
        clock: The time now, epoch milliseconds.
        sealing_keys: Keys that contacts are sealed with; None: an unsealed contact is refused.
        full_queue_timeout_s: As in `QueuedProducer`.
        delivery_timeout_s: As in `QueuedProducer`.
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
        super().__init__(connection, full_queue_timeout_s=full_queue_timeout_s, delivery_timeout_s=delivery_timeout_s)
        self._clock = clock
        self._sealing_keys = sealing_keys

    def check(self, timeout_s: float = 10.0) -> None:
        """Check that the topics of events exist and fit together.

        Raises:
            Unavailable: No broker answered in time.
            SystemFault: The broker refused our credentials.
            ConfigurationError: Topics are missing, or joined topics differ in their number of partitions.
        """
        names = [self._names[topic] for group in _JOINED for topic in group]
        found = describe_names(self._connection, names, timeout_s)
        problems = [f"Topic {name} does not exist: create the topics first." for name in names if name not in found]
        for group in _JOINED:
            joined = [self._names[topic] for topic in group if self._names[topic] in found]
            if uneven := uneven_partitions({name: found[name].partitions for name in joined}):
                problems.append(f"Joined topics must have equal partition counts: {uneven}.")
        if problems:
            raise ConfigurationError(problems)

    def publish_status(self, event: DeclarationStatus, on_delivery: OnDelivery | None = None) -> Delivery:
        """Send a status event.

        Args:
            event: The event.
            on_delivery: Called once with the outcome, in the publisher's own thread, so it must be quick. `flush` and
                `close` raise again what it raises.

        Raises:
            InvalidEvent: It breaks rules; nothing was sent.
            Unavailable: The local queue stayed full: Kafka is away or too slow; nothing was sent.
            SystemFault: The producer cannot continue.
        """
        now = self._clock()
        key, value = encoded_status(event, now)
        return self.send(Topic.DECLARATION_STATUS, key, value, now, on_delivery)

    def publish_rating(
        self, sheet: Rating, on_delivery: OnDelivery | None = None, *, contact: Contact | None = None
    ) -> Delivery:
        """Send one revision of a rating sheet; errors as `publish_status`.

        Args:
            sheet: The sheet.
            on_delivery: As in `publish_status`.
            contact: Unsealed name and phone. They are sealed here, before anything leaves the process, with a key of
                the sheet's own. Kafka has that key before the sheet is sent; without it nobody could open the contact.

        Raises:
            DeliveryFailed: Kafka did not accept the contact's key; nothing else was sent.
        """
        now = self._clock()
        if contact is not None:
            encoded_rating(sheet, now)  # check the sheet before anything is sealed for its id
            envelope, contact_key = self._sealed(contact, sheet, now)
            sheet = replace(sheet, contact=envelope)
        key, value = encoded_rating(sheet, now)
        if contact is not None:
            self.send(Topic.CONTACT_KEY, *encoded_contact_key(contact_key), now).result(self._delivery_timeout_s)
        return self.send(Topic.RATING, key, value, now, on_delivery)

    def publish_complaint_action(self, action: ComplaintAction, on_delivery: OnDelivery | None = None) -> Delivery:
        """Send an action on a complaint; arguments and errors as `publish_status`.

        Whether the case allows the action is published later in `complaint-event`: ACCEPTED or REFUSED with its id.
        """
        now = self._clock()
        key, value = encoded_action(action, now)
        return self.send(Topic.COMPLAINT_ACTION, key, value, now, on_delivery)

    def publish_alert_action(self, action: AlertAction, on_delivery: OnDelivery | None = None) -> Delivery:
        """Send what somebody did about an alert, or judges of it; arguments and errors as `publish_status`."""
        now = self._clock()
        key, value = encoded_alert_action(action, now)
        return self.send(Topic.ALERT_ACTION, key, value, now, on_delivery)

    def __enter__(self) -> Self:
        """The publisher, after `check`; errors as there."""
        try:
            self.check()
        except BaseException:
            self.close(0)
            raise
        return self

    def _sealed(self, contact: Contact, sheet: Rating, now: int) -> tuple[bytes, ContactKey]:
        if self._sealing_keys is None:
            raise ConfigurationError(["A contact can only be sent sealed: give the publisher sealing keys."])
        faults = contact.faults()
        if faults:
            raise InvalidEvent([Problem(field, Reason.BAD_FIELD, rule) for field, rule in faults])
        return seal_with_own_key(contact, sheet.sheet_id, sheet.declaration_no, self._sealing_keys, now)
