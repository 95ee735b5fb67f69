"""Producing faster than Kafka takes it."""

from __future__ import annotations

from confluent_kafka import Producer


def produce(producer: Producer, topic: str, key: bytes | None, value: bytes | None) -> None:
    """Hand a record over; while the producer's queue is full wait for room."""
    while True:
        try:
            return producer.produce(topic, key=key, value=value)
        except BufferError:
            producer.poll(0.1)
