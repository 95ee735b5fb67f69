"""Where encoded events go: the one interface between those who make events and those who send them."""

from __future__ import annotations

from typing import Protocol

from schemas.topics import Topic


class EncodedPublisher(Protocol):
    """Sends encoded events to Kafka; `producers.sdk.EventPublisher` is one."""

    def publish_encoded(self, topic: Topic, key: bytes, value: bytes, timestamp_ms: int | None = None) -> None:
        """Queue one event; may block while the queue is full."""

    def flush(self) -> None:
        """Wait until Kafka has all events; raises if it does not accept them."""
