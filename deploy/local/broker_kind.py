"""The brokers that a stack can bring; a module of its own, since `hailong --help` must not load what runs them."""

from __future__ import annotations

from enum import StrEnum


class Broker(StrEnum):
    """Which broker a stack brings."""

    EMBEDDED = "embedded"
    KAFKA = "kafka"

    @property
    def in_words(self) -> str:
        """Its name for people."""
        return "Apache Kafka" if self is Broker.KAFKA else "the embedded broker"

    @property
    def keeps_topics(self) -> bool:
        """Whether records and offsets are still there after a stop or a crash."""
        return self is Broker.KAFKA

    @property
    def note(self) -> str:
        """What a user must know about the life of records."""
        if self.keeps_topics:
            return "Topics and offsets stay in the directory: the next start with Apache Kafka goes on with them."
        return "The embedded broker keeps topics in memory: they are gone when it stops. What is in ClickHouse stays."
