"""The brokers a stack can start. A module of its own: `hailong --help` must not load the code that runs them."""

from __future__ import annotations

from enum import StrEnum


class Broker(StrEnum):
    """Which broker a stack starts."""

    EMBEDDED = "embedded"
    KAFKA = "kafka"

    @property
    def in_words(self) -> str:
        """Its name for people."""
        return "Apache Kafka" if self is Broker.KAFKA else "the embedded broker"

    @property
    def keeps_topics(self) -> bool:
        """Whether records and offsets survive a stop or a crash."""
        return self is Broker.KAFKA

    @property
    def note(self) -> str:
        """What a user must know about how long records are kept."""
        if self.keeps_topics:
            return "Topics and offsets stay in the directory: the next start with Apache Kafka continues with them."
        return "The embedded broker keeps topics in memory: they are gone when it stops. What is in ClickHouse stays."
