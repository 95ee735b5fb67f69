"""Read all records of a topic from its beginning to its present end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.codec.record import WriterSchemas, decoder
from schemas.errors import PoisonRecord
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_reader import read_topic
from schemas.topics import Topic


def read_keyed_records(
    connection: KafkaConnection, topic: Topic, writer_schemas: WriterSchemas, only: bytes | None = None
) -> Iterator[tuple[bytes, dict[str, Any] | None]]:
    """Key and fields of every record, or of those with the key `only`; fields are None for a tombstone.

    Unreadable records are left out.

    Raises:
        Unavailable: Kafka, or a schema registry that a record needs, does not answer.
        SystemFault: The topic is missing, or may not be read.
    """
    decode = decoder(topic.subject, writer_schemas)
    for message in read_topic(connection, topic):
        key, value = message.key() or b"", message.value()
        if only is not None and key != only:
            continue
        if value is None:
            yield key, None
            continue
        try:
            yield key, decode(value)
        except PoisonRecord:
            continue  # workers and sinks report it; a command does not fail for it


def read_records(
    connection: KafkaConnection, topic: Topic, writer_schemas: WriterSchemas, only: bytes | None = None
) -> Iterator[dict[str, Any]]:
    """Fields of every record, without tombstones; arguments and errors as `read_keyed_records`."""
    return (
        fields for _key, fields in read_keyed_records(connection, topic, writer_schemas, only) if fields is not None
    )
