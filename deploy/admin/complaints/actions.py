"""Doing something about a complaint, and waiting for what becomes of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from confluent_kafka import Consumer, KafkaException

from producers.sdk import EventPublisher
from schemas.codec.record import WriterSchemas, decoder
from schemas.errors import PoisonRecord, SystemFault, Unavailable
from schemas.kafka.client_errors import PARTITION_END
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_reader import open_reader, start_offsets
from schemas.records import ComplaintAction, ComplaintEvent
from schemas.topics import Topic

_CONNECT_S = 10.0


def act(
    connection: KafkaConnection,
    writer_schemas: WriterSchemas,
    actions: Sequence[ComplaintAction],
    wait_s: float,
) -> list[ComplaintEvent | None]:
    """Send actions, and wait until their cases say what became of them.

    Args:
        connection: The cluster.
        writer_schemas: Where schemas that are not pinned come from: workers may be newer.
        actions: What is done; those already sent under the same ids change nothing.
        wait_s: How long to wait, seconds.

    Returns:
        For each action its event, ACCEPTED or REFUSED; None: none came in time, but the action is in Kafka.

    Raises:
        Unavailable: Kafka does not answer.
        SystemFault: A topic is missing, or Kafka refuses.
        InvalidEvent: An action breaks a rule of the contract; nothing of it was sent.
    """
    with _outcomes(connection, writer_schemas) as events:
        with EventPublisher(connection) as publisher:
            for action in actions:
                publisher.publish_complaint_action(action)
        found: dict[str, ComplaintEvent] = {}
        wanted = {action.action_id for action in actions}
        deadline = time.monotonic() + wait_s
        while wanted - found.keys() and time.monotonic() < deadline:
            for event in events.poll():
                if event.action_id in wanted:
                    found[event.action_id] = event
        return [found.get(action.action_id) for action in actions]


class _Outcomes:
    """Events that come from now on."""

    def __init__(self, consumer: Consumer, writer_schemas: WriterSchemas) -> None:
        self._consumer = consumer
        self._decode = decoder(Topic.COMPLAINT_EVENT.subject, writer_schemas)

    def poll(self) -> Iterator[ComplaintEvent]:
        """What has come, after a short wait."""
        for message in self._consumer.consume(500, timeout=0.1):
            error = message.error()
            if error is not None:
                if not error.retriable() and error.code() != PARTITION_END:
                    raise SystemFault(f"cannot read what becomes of actions ({error.name()})")
                continue
            try:
                yield ComplaintEvent(**self._decode(message.value()))
            except PoisonRecord:
                continue  # no event of ours


@contextmanager
def _outcomes(connection: KafkaConnection, writer_schemas: WriterSchemas) -> Iterator[_Outcomes]:
    """Read events from before anything is sent, so that none is missed."""
    name = connection.topic_name(Topic.COMPLAINT_EVENT)
    consumer = open_reader(connection, "hailong-complaint-command")
    try:
        try:
            consumer.assign(start_offsets(consumer, name, 0, _CONNECT_S))
        except KafkaException as exception:
            raise Unavailable(f"Kafka at {connection.bootstrap_servers} does not answer") from exception
        yield _Outcomes(consumer, writer_schemas)
    finally:
        consumer.close()
