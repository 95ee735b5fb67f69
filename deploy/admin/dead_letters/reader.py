"""Read dead letters and decisions from their topics; ClickHouse is not needed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2s

from deploy.admin.dead_letters.entries import DeadLetterEntry
from schemas.codec.record import decoder
from schemas.errors import PoisonRecord
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_reader import read_topic
from schemas.records.dead_letters import DeadLetter, DeadLetterAction
from schemas.topics import Topic

Done = Callable[[int], None]
"""Called with the number of letters done so far."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The bytes of a refused record."""

    entry: DeadLetterEntry
    key: bytes | None
    value: bytes  # its value, or the first part of it (`DeadLetterEntry.kept_size`)


def read_entries(connection: KafkaConnection, progress: Done) -> list[DeadLetterEntry]:
    """All dead letters in Kafka, each once, with the decisions about them; errors as `read_topic`."""
    actions = _actions(connection)
    found: dict[str, DeadLetterEntry] = {}
    for letter in _letters(connection, progress):
        known = found.get(letter.dead_letter_id)
        if known is None:
            found[letter.dead_letter_id] = _entry(letter, actions.get(letter.dead_letter_id, ()))
        elif letter.stage not in known.stages:
            found[letter.dead_letter_id] = replace(known, stages=tuple(sorted({*known.stages, letter.stage})))
    return list(found.values())


def contents_of(connection: KafkaConnection, entries: Collection[DeadLetterEntry]) -> Iterator[Contents]:
    """The records themselves, in the order of the topic; lazily, because they might not all fit in memory.

    Errors as `read_topic`.
    """
    wanted = {entry.dead_letter_id: entry for entry in entries}
    for letter in _letters(connection):
        entry = wanted.pop(letter.dead_letter_id, None)
        if entry is not None:
            yield Contents(entry, letter.key, letter.value)
        if not wanted:
            return


def _letters(connection: KafkaConnection, progress: Done | None = None) -> Iterator[DeadLetter]:
    decode = decoder(Topic.DEAD_LETTER.subject)
    for count, message in enumerate(read_topic(connection, Topic.DEAD_LETTER), start=1):
        if progress is not None and count % 1000 == 0:
            progress(count)
        try:
            yield DeadLetter.from_avro(decode(message.value()))
        except PoisonRecord:
            continue  # not a dead letter of hailong, so it cannot be replayed


def _actions(connection: KafkaConnection) -> Mapping[str, tuple[DeadLetterAction, ...]]:
    decode = decoder(Topic.DEAD_LETTER_ACTION.subject)
    latest: dict[str, DeadLetterAction] = {}
    for message in read_topic(connection, Topic.DEAD_LETTER_ACTION):
        try:
            action = DeadLetterAction.from_avro(decode(message.value()))
        except PoisonRecord:
            continue  # not a decision of hailong
        known = latest.get(action.action_id)
        if known is None or known.version <= action.version:
            latest[action.action_id] = action
    grouped: defaultdict[str, list[DeadLetterAction]] = defaultdict(list)
    for action in sorted(latest.values(), key=lambda one: one.acted_at):
        grouped[action.dead_letter_id].append(action)
    return {letter: tuple(found) for letter, found in grouped.items()}


def _entry(letter: DeadLetter, actions: tuple[DeadLetterAction, ...]) -> DeadLetterEntry:
    digest = blake2s(letter.value, digest_size=16, key=blake2s(letter.key or b"").digest()).hexdigest()
    return DeadLetterEntry(
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
