"""A simulated scenario as single events, which tests can delay, change and encode again; and its oracle."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fastavro import schemaless_writer

from producers.simulator import Haiphong2020
from schemas.catalogue import latest, parsed
from schemas.codec.record import decoder
from schemas.codec.wire import HEADER_BYTES, frame_header
from schemas.records.events import DeclarationStatus, Rating, Status
from schemas.topics import Topic
from support.oracle import Oracle
from support.pipeline import Sent


@dataclass(frozen=True)
class Event:
    """One event: its fields by the current contract, and its arrival in simulated time."""

    topic: Topic
    key: bytes
    fields: Mapping[str, Any]
    arrival_at: int

    @property
    def declaration(self) -> str:
        """Declaration number without its last digit."""
        return self.key.decode()


def events_of(seed: int) -> list[Event]:
    """Events of a hundredth of Hai Phong by arrival: all of rated declarations, those of a quarter of the others."""
    decode = {topic: decoder(topic.subject) for topic in (Topic.DECLARATION_STATUS, Topic.RATING)}
    arrivals = [
        arrival
        for batch in Haiphong2020(seed, scale=0.01, poison=False).batches()
        for arrival in zip(batch.topics, batch.keys, batch.values, batch.arrival_at, strict=True)
    ]
    rated = {key for topic, key, _value, _at in arrivals if topic is Topic.RATING}
    return [
        Event(topic, key, decode[topic](value), at)
        for topic, key, value, at in arrivals
        if key in rated or zlib.crc32(key) % 4 == 0
    ]


def written(event: Event, *, at: int | None = None, writer: tuple[int, Any] | None = None, **more: Any) -> Sent:
    """An event as a producer sends it.

    Args:
        event: The event.
        at: Kafka timestamp; None for now.
        writer: Schema id and parsed schema; None for the newest pinned ones.
        more: Fields that replace or extend the event's.
    """
    number = latest(event.topic.subject).schema_id
    schema_id, schema = writer or (number, parsed(number))
    out = io.BytesIO()
    out.write(frame_header(schema_id))
    schemaless_writer(out, schema, {**event.fields, **more})
    return Sent(event.topic, event.key, out.getvalue(), at)


def oracle_of(seen: Iterable[tuple[Event, Sent]], order: Iterable[str] = tuple(Status)) -> Oracle:
    """The oracle of events.

    Args:
        seen: Each event as a reader of this version must see it, and as it was sent.
        order: Statuses in the order of a declaration's life.
    """
    pairs = [(event, zlib.crc32(sent.value[HEADER_BYTES:])) for event, sent in seen]
    rated = {event.declaration for event, _crc in pairs if event.topic is Topic.RATING}
    return Oracle(
        [
            (DeclarationStatus.from_avro(event.fields), crc)
            for event, crc in pairs
            if event.topic is Topic.DECLARATION_STATUS and event.declaration in rated
        ],
        [(Rating.from_avro(event.fields), crc) for event, crc in pairs if event.topic is Topic.RATING],
        order,
    )
