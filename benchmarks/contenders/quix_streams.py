"""Contender `quix`: Quix Streams as in its manual: two topics concatenated, state in RocksDB with a changelog.

Usage: PROGRAM BOOTSTRAP PREFIX DIRECTORY
"""

from __future__ import annotations

import sys
from typing import Any

from quixstreams import Application, State, message_context
from quixstreams.models.serializers import SerializationContext, Serializer

from benchmarks.contenders.rules import Encoded, add_rating, add_status, empty
from schemas.topics import Topic

bootstrap, prefix, directory = sys.argv[1:]
app = Application(
    broker_address=bootstrap,
    consumer_group=f"{prefix}quix",
    auto_offset_reset="earliest",
    state_dir=directory,
    commit_interval=5.0,
    loglevel="WARNING",
    consumer_extra_config={
        "session.timeout.ms": 6000,
        "heartbeat.interval.ms": 1000,
        "group.instance.id": "bench",  # a restart within the session timeout gets its partitions at once
    },
    producer_extra_config={"linger.ms": 5, "compression.type": "lz4", "enable.idempotence": True},
)
RATINGS = Topic.RATING.value.name(prefix)


class SecondOfPair(Serializer):  # type: ignore[misc]  # untyped where mypy runs: it is not installed there
    """Serializes a (key, value) pair to its value."""

    def __call__(self, value: Any, ctx: SerializationContext) -> bytes:  # noqa: ARG002 - Quix's signature
        """The bytes of the value."""
        return bytes(value[1])


def topic(which: Topic, value_serializer: Any = "bytes") -> Any:
    """A topic of raw bytes."""
    return app.topic(
        which.value.name(prefix),
        key_serializer="bytes",
        key_deserializer="bytes",
        value_serializer=value_serializer,
        value_deserializer="bytes",
    )


def join(value: bytes, state: State) -> list[Encoded]:
    """Add one record to the state; returns the facts that change."""
    known = state.get("known") or empty()
    add = add_rating if message_context().topic == RATINGS else add_status
    known, changed = add(known, value)
    state.set("known", known)
    return changed


events = app.dataframe(topic(Topic.DECLARATION_STATUS)).concat(app.dataframe(topic(Topic.RATING)))
facts = events.apply(join, stateful=True, expand=True)
facts = facts.to_topic(topic(Topic.RATED_SERVICE, SecondOfPair()), key=lambda fact: fact[0])

if __name__ == "__main__":
    app.run()
