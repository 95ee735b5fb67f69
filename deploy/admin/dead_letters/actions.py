"""Deciding about dead letters: publish records again or discard them, and record the decision.

Order of a replay: Kafka acknowledges the record, then the decision. A crash between the two leaves the letter open, and
a second replay is harmless: the record carries its own event id, so its readers recognise it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from deploy.admin.dead_letters.entries import DeadLetterEntry
from deploy.admin.dead_letters.reader import Contents, Done
from producers.clock import wall_clock
from producers.sdk import DeliveryFailed, Receipt
from producers.sdk.queued_producer import QueuedProducer
from schemas.codec.record import encoder
from schemas.errors import Unavailable
from schemas.ids import dead_letter_action_id
from schemas.kafka.connection import KafkaConnection
from schemas.keys import key_of
from schemas.records.dead_letters import DeadLetterAction, DeadLetterActionKind
from schemas.topics import Topic

T = TypeVar("T")

_CHUNK = 500
_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides, and why."""

    actor: str  # user of the operating system, or the person that was named
    note: str | None  # why; stored in ClickHouse, so it must hold no names and no telephone numbers


def replay(connection: KafkaConnection, records: Iterable[Contents], decision: Decision, done: Done) -> int:
    """Publish records unchanged to their source topics, and record the decision; returns the number of records.

    Args:
        connection: The cluster; topics are those under its prefix.
        records: Records for which `DeadLetterEntry.not_replayable` is None.
        decision: Who decides.
        done: Progress.

    Raises:
        Unavailable: Kafka did not acknowledge all; letters without a recorded decision are still open and may be
            replayed again.
    """
    count, kind = 0, DeadLetterActionKind.REPLAYED
    with _producer(connection) as producer:
        for chunk in _chunks(records):
            receipts = _send_all(producer, [(_source(one.entry), one.key, one.value) for one in chunk])
            pairs = zip(chunk, receipts, strict=True)
            _record_actions(producer, [_action(one.entry, kind, decision, receipt) for one, receipt in pairs])
            count += len(chunk)
            done(count)
    return count


def discard(connection: KafkaConnection, entries: Sequence[DeadLetterEntry], decision: Decision, done: Done) -> None:
    """Record that nothing is done about these letters.

    Raises:
        Unavailable: Kafka did not acknowledge all; discarding again is harmless.
    """
    count = 0
    with _producer(connection) as producer:
        for chunk in _chunks(entries):
            _record_actions(producer, [_action(one, DeadLetterActionKind.DISCARDED, decision) for one in chunk])
            count += len(chunk)
            done(count)


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


def _source(entry: DeadLetterEntry) -> Topic:
    assert entry.origin is not None  # else `not_replayable` has refused it
    return entry.origin


def _action(
    entry: DeadLetterEntry, action: DeadLetterActionKind, decision: Decision, replayed: Receipt | None = None
) -> DeadLetterAction:
    now, letter = wall_clock(), entry.dead_letter_id
    place = (None, None) if replayed is None else (replayed.partition, replayed.offset)
    action_id = dead_letter_action_id(letter, action)
    return DeadLetterAction(action_id, now, letter, action, now, decision.actor, decision.note, *place)


def _producer(connection: KafkaConnection) -> QueuedProducer:
    return QueuedProducer(connection, full_queue_timeout_s=_TIMEOUT_S, delivery_timeout_s=_TIMEOUT_S)


def _record_actions(producer: QueuedProducer, actions: Sequence[DeadLetterAction]) -> None:
    topic, encode = Topic.DEAD_LETTER_ACTION, encoder(Topic.DEAD_LETTER_ACTION.subject)
    _send_all(producer, [(topic, key_of(action), encode(action.to_avro())) for action in actions])


def _send_all(producer: QueuedProducer, records: Sequence[tuple[Topic, bytes | None, bytes]]) -> list[Receipt]:
    """Send records and wait until Kafka has acknowledged all of them.

    Raises:
        Unavailable: Kafka did not acknowledge all of them.
    """
    deliveries = [producer.send(topic, key, value) for topic, key, value in records]
    try:
        return [delivery.result() for delivery in deliveries]
    except DeliveryFailed as error:
        raise Unavailable(f"{error}; letters that are still listed as open can be replayed without harm") from error
