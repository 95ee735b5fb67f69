"""Reading dead letters and decisions from their topics: Kafka is enough, ClickHouse need not run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2s

from deploy.admin.dead_letters.entries import Entry
from schemas.codec.record import decoder
from schemas.errors import PoisonRecord
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_reader import read_topic
from schemas.records import DeadLetter, DeadLetterAction
from schemas.topics import Topic

Progress = Callable[[int], None]
"""Is told how many letters were read so far."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A refused record as it was.

    Attributes:
        entry: About it.
        key: Its key.
        value: Its value, or the beginning of it (`Entry.kept_size`).
    """

    entry: Entry
    key: bytes | None
    value: bytes


def read_entries(connection: KafkaConnection, progress: Progress = lambda _count: None) -> list[Entry]:
    """All dead letters that Kafka holds, once each, with the decisions about them.

    Raises:
        Unavailable: Kafka does not answer.
        SystemFault: A topic is missing, or may not be read.
    """
    actions = _actions(connection)
    found: dict[str, Entry] = {}
    for letter in _letters(connection, progress):
        known = found.get(letter.dead_letter_id)
        if known is None:
            found[letter.dead_letter_id] = _entry(letter, actions.get(letter.dead_letter_id, ()))
        elif letter.stage not in known.stages:
            found[letter.dead_letter_id] = replace(known, stages=tuple(sorted({*known.stages, letter.stage})))
    return list(found.values())


def contents_of(
    connection: KafkaConnection, entries: Collection[Entry], progress: Progress = lambda _count: None
) -> Iterator[Contents]:
    """The records themselves, one after another in the order of the topic: not all of them would fit in memory.

    Raises:
        Unavailable: Kafka does not answer.
        SystemFault: The topic is missing, or may not be read.
    """
    wanted = {entry.dead_letter_id: entry for entry in entries}
    for letter in _letters(connection, progress):
        entry = wanted.pop(letter.dead_letter_id, None)
        if entry is not None:
            yield Contents(entry, letter.key, letter.value)
        if not wanted:
            return


def _letters(connection: KafkaConnection, progress: Progress) -> Iterator[DeadLetter]:
    decode = decoder(Topic.DEAD_LETTER.subject)
    for count, message in enumerate(read_topic(connection, Topic.DEAD_LETTER), start=1):
        if count % 1000 == 0:
            progress(count)
        try:
            yield DeadLetter.from_avro(decode(message.value()))
        except PoisonRecord:
            continue  # written by somebody else: no letter of ours, and nothing that could be replayed


def _actions(connection: KafkaConnection) -> Mapping[str, tuple[DeadLetterAction, ...]]:
    decode = decoder(Topic.DEAD_LETTER_ACTION.subject)
    latest: dict[str, DeadLetterAction] = {}
    for message in read_topic(connection, Topic.DEAD_LETTER_ACTION):
        try:
            action = DeadLetterAction.from_avro(decode(message.value()))
        except PoisonRecord:
            continue  # as above
        known = latest.get(action.action_id)
        if known is None or known.version <= action.version:
            latest[action.action_id] = action
    grouped: defaultdict[str, list[DeadLetterAction]] = defaultdict(list)
    for action in sorted(latest.values(), key=lambda one: one.acted_at):
        grouped[action.dead_letter_id].append(action)
    return {letter: tuple(found) for letter, found in grouped.items()}


def _entry(letter: DeadLetter, actions: tuple[DeadLetterAction, ...]) -> Entry:
    digest = blake2s(letter.value, digest_size=16, key=blake2s(letter.key or b"").digest()).hexdigest()
    return Entry(
        dead_letter_id=letter.dead_letter_id,
        stages=(letter.stage,),
        topic=letter.topic,
        topic_id=letter.topic_id,
        partition=letter.partition,
        offset=letter.offset,
        recorded_at=letter.recorded_at,
        reason=letter.reason,
        detail=letter.detail,
        schema_id=letter.schema_id,
        key_size=None if letter.key is None else len(letter.key),
        kept_size=len(letter.value),
        value_size=letter.value_size,
        digest=digest,
        actions=actions,
    )
