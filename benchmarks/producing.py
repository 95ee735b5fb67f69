"""Produces faster than Kafka accepts records."""

from __future__ import annotations

from confluent_kafka import Producer


def produce(producer: Producer, topic: str, key: bytes | None, value: bytes | None) -> None:
    """Queue a record; wait while the queue of the producer is full."""
    while True:
        try:
            return producer.produce(topic, key=key, value=value)
        except BufferError:
            producer.poll(0.1)
