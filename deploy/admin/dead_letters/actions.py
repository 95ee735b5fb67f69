"""Deciding about dead letters: publish records again or discard them, and record the decision.

Order of a replay: Kafka acknowledges the record, then the decision. A crash between the two leaves the letter open, and
a second replay is harmless: the record carries its own event id, so its readers recognise it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from deploy.admin.dead_letters.entries import DeadLetterEntry
from deploy.admin.dead_letters.reader import Contents, Done, ignore_progress
from schemas.codec.record import encoder
from schemas.errors import Unavailable
from schemas.ids import dead_letter_action_id
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.quiet_logger import QUIET
from schemas.keys import key_of
from schemas.records import DeadLetterAction, DeadLetterActionKind
from schemas.topics import Topic

T = TypeVar("T")

_CHUNK = 500
_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides, and why.

    Attributes:
        actor: User of the operating system, or the person that was named.
        note: Why; None without a reason. Stored in ClickHouse, so it must hold no names and no telephone numbers.
        clock: Wall clock, epoch milliseconds.
    """

    actor: str
    note: str | None
    clock: Callable[[], int]


@dataclass(frozen=True, slots=True)
class ReplayedRecord:
    """Where a record was published again.

    Attributes:
        entry: The dead letter.
        partition: Partition of the new record.
        offset: Its offset.
    """

    entry: DeadLetterEntry
    partition: int
    offset: int


def replay(
    connection: KafkaConnection, records: Iterable[Contents], decision: Decision, done: Done = ignore_progress
) -> list[ReplayedRecord]:
    """Publish records unchanged to their source topics, and record the decision.

    Args:
        connection: The cluster; topics are those under its prefix.
        records: Records for which `DeadLetterEntry.not_replayable` is None.
        decision: Who decides.
        done: Progress.

    Raises:
        Unavailable: Kafka did not acknowledge all; letters without a recorded decision are still open and may be
            replayed again.
    """
    producer = _WaitingProducer(connection)
    outcomes: list[ReplayedRecord] = []
    for chunk in _chunks(records):
        placed = producer.send([(_topic_name(one.entry, connection), one.key, one.value) for one in chunk])
        found = [ReplayedRecord(one.entry, *where) for one, where in zip(chunk, placed, strict=True)]
        _record_actions(connection, producer, [_replayed(one, decision) for one in found])
        outcomes.extend(found)
        done(len(outcomes))
    return outcomes


def discard(
    connection: KafkaConnection, entries: Sequence[DeadLetterEntry], decision: Decision, done: Done = ignore_progress
) -> None:
    """Record that nothing is done about these letters.

    Raises:
        Unavailable: Kafka did not acknowledge all; discarding again is harmless.
    """
    producer, count = _WaitingProducer(connection), 0
    for chunk in _chunks(entries):
        _record_actions(connection, producer, [_action(one, DeadLetterActionKind.DISCARDED, decision) for one in chunk])
        count += len(chunk)
        done(count)


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


def _topic_name(entry: DeadLetterEntry, connection: KafkaConnection) -> str:
    assert entry.origin is not None  # else `not_replayable` has refused it
    return entry.origin.value.name(connection.topic_prefix)


def _replayed(outcome: ReplayedRecord, decision: Decision) -> DeadLetterAction:
    return _action(outcome.entry, DeadLetterActionKind.REPLAYED, decision, outcome.partition, outcome.offset)


def _action(
    entry: DeadLetterEntry,
    action: DeadLetterActionKind,
    decision: Decision,
    partition: int | None = None,
    offset: int | None = None,
) -> DeadLetterAction:
    now, letter = decision.clock(), entry.dead_letter_id
    return DeadLetterAction(
        dead_letter_action_id(letter, action),
        now,
        letter,
        action,
        now,
        decision.actor,
        decision.note,
        partition,
        offset,
    )


def _record_actions(
    connection: KafkaConnection, producer: _WaitingProducer, actions: Sequence[DeadLetterAction]
) -> None:
    topic = Topic.DEAD_LETTER_ACTION
    name, encode = topic.value.name(connection.topic_prefix), encoder(topic.subject)
    producer.send([(name, key_of(action), encode(action.to_avro())) for action in actions])


class _WaitingProducer:
    """A producer that waits until Kafka has acknowledged every record, and tells where each was stored."""

    def __init__(self, connection: KafkaConnection) -> None:
        settings: dict[str, Any] = {
            **connection.producer_config(),
            "delivery.timeout.ms": int(_TIMEOUT_S * 1000),
            "logger": QUIET,
        }
        self._producer = Producer(settings)

    def send(self, records: Sequence[tuple[str, bytes | None, bytes]]) -> list[tuple[int, int]]:
        """Partition and offset of each record.

        Raises:
            Unavailable: Kafka did not acknowledge all of them.
        """
        placed: dict[int, tuple[int, int]] = {}
        failed: set[str] = set()

        def on_delivery(index: int, error: KafkaError | None, message: Message) -> None:
            if error is not None:
                failed.add(error.name())
            else:
                placed[index] = (message.partition() or 0, message.offset() or 0)

        try:
            for index, (topic, key, value) in enumerate(records):
                self._producer.produce(topic, key=key, value=value, on_delivery=partial(on_delivery, index))
                self._producer.poll(0)
        except (BufferError, KafkaException) as error:
            raise Unavailable(f"Kafka accepts no records ({type(error).__name__}); try again later") from error
        self._producer.flush(_TIMEOUT_S + 1)
        if len(placed) < len(records):
            why = ", ".join(sorted(failed)) or "no answer"
            raise Unavailable(
                f"Kafka acknowledged {len(placed)} of {len(records)} records ({why}); letters that are still listed as "
                "open can be replayed again without harm"
            )
        return [placed[index] for index in range(len(records))]
