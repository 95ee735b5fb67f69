"""Deciding about dead letters: publishing records again, or leaving them, and writing the decision down.

Order of a replay: record acknowledged by Kafka -> decision acknowledged by Kafka. What is cut off between the two
leaves the letter open, and a second replay changes nothing: the record has its own event id, so its readers know it
already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from deploy.admin.dead_letters.entries import Entry
from deploy.admin.dead_letters.reader import Contents
from schemas.codec.record import encoder
from schemas.errors import Unavailable
from schemas.ids import dead_letter_action_id
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.quiet_logger import QUIET
from schemas.keys import key_of
from schemas.records import DeadLetterAction, LetterAction
from schemas.topics import Topic

T = TypeVar("T")

_CHUNK = 500
_TIMEOUT_S = 60.0

Done = Callable[[int], None]
"""Is told how many letters are done so far."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides, and why.

    Attributes:
        actor: User of the operating system, or who was named.
        note: Why; None for nothing said. Stored in ClickHouse: no names of declarants, no telephone numbers.
        clock: Wall clock, epoch milliseconds.
    """

    actor: str
    note: str | None
    clock: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a record stands after it was published again.

    Attributes:
        entry: The dead letter.
        partition: Partition of the new record.
        offset: Its offset.
    """

    entry: Entry
    partition: int
    offset: int


def replay(
    connection: KafkaConnection, records: Iterable[Contents], decision: Decision, done: Done = lambda _count: None
) -> list[Outcome]:
    """Publish records unchanged to the topics they came from, and write that down.

    Args:
        connection: The cluster; topics are those under its prefix.
        records: Records that `Entry.not_replayable` has nothing against.
        decision: Who decides.
        done: Progress.

    Raises:
        Unavailable: Kafka did not acknowledge all; what is not written down is still open and may be replayed again.
    """
    producer = _Acknowledged(connection)
    outcomes: list[Outcome] = []
    for chunk in _chunks(records):
        placed = producer.send([(_home(one.entry, connection), one.key, one.value) for one in chunk])
        found = [Outcome(one.entry, *where) for one, where in zip(chunk, placed, strict=True)]
        _write_down(connection, producer, [_replayed(one, decision) for one in found])
        outcomes.extend(found)
        done(len(outcomes))
    return outcomes


def discard(
    connection: KafkaConnection, entries: Sequence[Entry], decision: Decision, done: Done = lambda _count: None
) -> None:
    """Write down that records are left as they are.

    Raises:
        Unavailable: Kafka did not acknowledge all; discarding again is harmless.
    """
    producer, count = _Acknowledged(connection), 0
    for chunk in _chunks(entries):
        _write_down(connection, producer, [_action(one, LetterAction.DISCARDED, decision) for one in chunk])
        count += len(chunk)
        done(count)


def _chunks(things: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(things)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


def _home(entry: Entry, connection: KafkaConnection) -> str:
    assert entry.origin is not None  # `not_replayable` says so before
    return entry.origin.value.name(connection.topic_prefix)


def _replayed(outcome: Outcome, decision: Decision) -> DeadLetterAction:
    return _action(outcome.entry, LetterAction.REPLAYED, decision, outcome.partition, outcome.offset)


def _action(
    entry: Entry, action: LetterAction, decision: Decision, partition: int | None = None, offset: int | None = None
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


def _write_down(connection: KafkaConnection, producer: _Acknowledged, actions: Sequence[DeadLetterAction]) -> None:
    topic = Topic.DEAD_LETTER_ACTION
    name, encode = topic.value.name(connection.topic_prefix), encoder(topic.subject)
    producer.send([(name, key_of(action), encode(action.to_avro())) for action in actions])


class _Acknowledged:
    """A producer that returns when Kafka has everything, with the places it was put."""

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
            raise Unavailable(f"Kafka takes no records ({type(error).__name__})") from error
        self._producer.flush(_TIMEOUT_S + 1)
        if len(placed) < len(records):
            why = ", ".join(sorted(failed)) or "no answer"
            raise Unavailable(
                f"Kafka acknowledged {len(placed)} of {len(records)} records ({why}); what is still listed as open may "
                "be replayed again without harm"
            )
        return [placed[index] for index in range(len(records))]
