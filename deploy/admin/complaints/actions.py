"""Send actions on complaints and wait for their results."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from confluent_kafka import Consumer, KafkaException

from producers.sdk import EventPublisher
from schemas.codec.record import WriterSchemas, decoder
from schemas.errors import PoisonRecord, SystemFault, Unavailable
from schemas.kafka.client_errors import PARTITION_END
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_reader import open_reader, start_offsets
from schemas.records.cases import ComplaintAction, ComplaintEvent
from schemas.topics import Topic

_CONNECT_S = 10.0


def act(
    connection: KafkaConnection, writer_schemas: WriterSchemas, actions: Sequence[ComplaintAction], wait_s: float
) -> list[ComplaintEvent | None]:
    """Send actions and wait until their cases accept or refuse them.

    Args:
        connection: The cluster.
        writer_schemas: Where schemas that are not pinned come from: workers may be newer.
        actions: The actions; sending one again under the same id changes nothing.
        wait_s: Longest wait, seconds.

    Returns:
        For each action its event, ACCEPTED or REFUSED; None if no event came in time although Kafka has the action.

    Raises:
        Unavailable: Kafka does not answer.
        SystemFault: A topic is missing, or Kafka refuses.
        InvalidEvent: An action breaks a rule of the contract; nothing of it was sent.
    """
    decode = decoder(Topic.COMPLAINT_EVENT.subject, writer_schemas)
    with _following(connection) as consumer:
        with EventPublisher(connection) as publisher:
            for action in actions:
                publisher.publish_complaint_action(action)
        found: dict[str, ComplaintEvent] = {}
        wanted = {action.action_id for action in actions}
        deadline = time.monotonic() + wait_s
        while wanted - found.keys() and time.monotonic() < deadline:
            for event in _new_events(consumer, decode):
                if event.action_id in wanted:
                    found[event.action_id] = event
        return [found.get(action.action_id) for action in actions]


@contextmanager
def _following(connection: KafkaConnection) -> Iterator[Consumer]:
    """A consumer of the events, from a point before any action is sent, so that no result is missed."""
    name = connection.topic_name(Topic.COMPLAINT_EVENT)
    consumer = open_reader(connection, "hailong-complaint-command")
    try:
        try:
            consumer.assign(start_offsets(consumer, name, 0, _CONNECT_S))
        except KafkaException as exception:
            raise Unavailable(f"Kafka at {connection.bootstrap_servers} does not answer") from exception
        yield consumer
    finally:
        consumer.close()


def _new_events(consumer: Consumer, decode: Callable[[bytes | None], dict[str, Any]]) -> Iterator[ComplaintEvent]:
    """The events that arrived, after a short wait."""
    for message in consumer.consume(500, timeout=0.1):
        error = message.error()
        if error is not None:
            if not error.retriable() and error.code() != PARTITION_END:
                raise SystemFault(f"cannot read the results of actions from Kafka ({error.name()})")
            continue
        try:
            yield ComplaintEvent(**decode(message.value()))
        except PoisonRecord:
            continue  # workers and sinks report it
