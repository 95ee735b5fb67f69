"""Dead letters without their payload, and how a person selects some of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from deploy.errors import Mistake
from schemas.dead_letters.letter import MAX_KEY_BYTES
from schemas.errors import Reason
from schemas.records.dead_letters import DeadLetterAction
from schemas.topics import Topic

OPEN = "OPEN"


@dataclass(frozen=True, slots=True)
class DeadLetterEntry:
    """One refused record and the decisions about it; without payload, so that all of them fit in memory."""

    dead_letter_id: str  # its id; the same for every component that refuses it
    stages: tuple[str, ...]  # components that refused it
    topic: str  # name of the topic it was read from
    topic_id: str  # identity of that topic's log
    partition: int  # partition it was read from
    offset: int
    recorded_at: int  # Kafka timestamp of the record, epoch milliseconds
    reason: str  # class of the fault
    detail: str  # field and rule, never a value
    schema_id: int | None  # writer schema id, where the frame could be read
    key_size: int | None  # bytes of the key that were kept; None for a record without key
    kept_size: int  # bytes of the value that were kept
    value_size: int  # bytes of the value
    digest: str  # checksum of key and value; equal when the same record was refused again
    actions: tuple[DeadLetterAction, ...] = ()  # the latest last

    @property
    def state(self) -> str:
        """OPEN, or the latest decision."""
        return str(self.actions[-1].action) if self.actions else OPEN

    @property
    def origin(self) -> Topic | None:
        """The source topic, whatever prefix it had; None if it is not a topic of hailong."""
        found = [topic for topic in Topic if self.topic.endswith(topic.value.name(""))]
        return max(found, key=lambda topic: len(topic.subject), default=None)

    @property
    def subject(self) -> str:
        """Short name of its topic."""
        return self.topic if self.origin is None else self.origin.subject

    @property
    def place(self) -> str:
        """Source topic, partition and offset in short."""
        return f"{self.subject}[{self.partition}]@{self.offset}"

    def not_replayable(self) -> str | None:
        """Why it cannot be published again; None when it can."""
        origin = self.origin
        if origin is None:
            return f"{self.topic} is not one of hailong's topics"
        if self.kept_size < self.value_size:
            return f"only {self.kept_size:,} of its {self.value_size:,} bytes were kept: send it again from its source"
        if self.key_size is not None and self.key_size >= MAX_KEY_BYTES:
            return f"only the first {MAX_KEY_BYTES:,} bytes of its key were kept: send it again from its source"
        if self.reason == Reason.EMPTY:
            return "it has no value, so there is nothing to publish"
        if origin.value.retention_days is None:
            return (
                f"{origin.subject} keeps only the latest record of each key: an old one would replace the current one"
            )
        return None


@dataclass(frozen=True, slots=True)
class Selection:
    """A filter of dead letters; a field that is empty or None does not filter."""

    ids: Sequence[str] = ()  # ids or prefixes of ids
    reasons: Sequence[str] = ()
    topics: Sequence[str] = ()  # topics, by short or full name
    partition: int | None = None
    stages: Sequence[str] = ()  # components that refused
    schema_ids: Sequence[int] = ()
    since: int | None = None  # earliest `recorded_at`, epoch milliseconds
    until: int | None = None  # latest, exclusive
    decided: bool = False  # whether letters with a decision are included

    @property
    def restricts(self) -> bool:
        """Whether there is any filter besides `decided`."""
        texts = (self.ids, self.reasons, self.topics, self.stages, self.schema_ids)
        return any(texts) or any(one is not None for one in (self.partition, self.since, self.until))

    def of(self, entries: Iterable[DeadLetterEntry]) -> list[DeadLetterEntry]:
        """The letters that match, the latest first."""
        found = [entry for entry in entries if self._matches(entry)]
        return sorted(found, key=lambda entry: (-entry.recorded_at, entry.topic, entry.partition, entry.offset))

    def _matches(self, entry: DeadLetterEntry) -> bool:
        return (
            (self.decided or not entry.actions)
            and (not self.ids or any(entry.dead_letter_id.startswith(one.lower()) for one in self.ids))
            and (not self.reasons or entry.reason in {one.upper() for one in self.reasons})
            and (not self.topics or bool({entry.topic, entry.subject}.intersection(self.topics)))
            and (self.partition is None or entry.partition == self.partition)
            and (not self.stages or bool(set(entry.stages).intersection(self.stages)))
            and (not self.schema_ids or entry.schema_id in self.schema_ids)
            and (self.since is None or entry.recorded_at >= self.since)
            and (self.until is None or entry.recorded_at < self.until)
        )


MIN_ID = 4
"""Shorter prefixes would match several ids by chance."""


def find_letter(entries: Sequence[DeadLetterEntry], id_prefix: str) -> DeadLetterEntry:
    """The one letter whose id has this prefix, with or without a decision.

    Raises:
        Mistake: There is none, or there are several.
    """
    if len(id_prefix) < MIN_ID:
        raise Mistake(f"Give at least the first {MIN_ID} characters of the id.")
    found = Selection(ids=[id_prefix], decided=True).of(entries)
    if not found:
        raise Mistake(f"No dead letter has an id that begins with {id_prefix}; `hailong dlq list --all` shows all ids.")
    if len(found) > 1:
        raise Mistake(f"{len(found)} dead letters have ids that begin with {id_prefix}: give more characters.")
    return found[0]
