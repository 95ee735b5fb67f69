from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from support.brokers import on_both_brokers
from support.extras import needs_kafka
from support.polling import DEADLINE_S

from deploy.local.ports import free_port
from processors.transport import log_reader
from processors.transport.fetched_batch import to_batch
from processors.transport.log_reader import read_log
from processors.transport.record_batches import RecordBatches
from schemas.batches.packed_batch import PackedRecord
from schemas.errors import Unavailable
from schemas.kafka.connection import KafkaConnection
from schemas.topics import Topic

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")


def new_topic(bootstrap: str) -> str:
    """An empty topic of one partition."""
    name = f"log-{uuid4().hex[:8]}"
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(name, 1, 1)])[name].result(DEADLINE_S)
    return name


def fill(bootstrap: str, name: str, codec: str, seed: int, count: int = 300) -> None:
    """Records of all kinds, in batches of one compression."""
    dice = random.Random(seed)
    producer = Producer({"bootstrap.servers": bootstrap, "compression.type": codec, "linger.ms": 2})
    for _ in range(count):
        headers: list[Any] = [None, [("trace", b"x" * dice.randrange(200))], [("a", None), ("b", b"")]]
        producer.produce(
            name,
            key=dice.choice([None, b"", b"10300000001", dice.randbytes(300)]),
            value=dice.choice([None, b"", dice.randbytes(dice.randrange(2000)), bytes(dice.randrange(5000))]),
            headers=dice.choice(headers),
        )
    assert producer.flush(DEADLINE_S) == 0


def as_librdkafka_reads(bootstrap: str, name: str) -> list[PackedRecord]:
    """All records, read by another client."""
    settings = {"bootstrap.servers": bootstrap, "group.id": name, "isolation.level": "read_committed"}
    consumer = Consumer({**settings, "enable.partition.eof": True})
    consumer.assign([TopicPartition(name, 0, 0)])
    found: list[PackedRecord] = []
    while (message := consumer.poll(DEADLINE_S)) is not None and message.error() is None:
        offset = message.offset()
        assert offset is not None
        found.append(PackedRecord(offset, message.timestamp()[1], message.key(), message.value()))
    consumer.close()
    return found


def as_we_read(bootstrap: str, name: str, start: int, end: int) -> list[PackedRecord]:
    """The same range, by our log reader."""
    found: list[PackedRecord] = []
    for records in read_log(KafkaConnection(bootstrap), name, 0, start, end):
        if records is not None:
            batch = to_batch(Topic.RATING, 0, records, end)
            fields = (batch.offsets, batch.timestamps, batch.keys, batch.values)
            found += [PackedRecord(*record) for record in zip(*fields, strict=True)]
    return found


def within(records: Sequence[PackedRecord], start: int, end: int) -> list[PackedRecord]:
    """Those of the range."""
    return [record for record in records if start <= record.offset < end]


@on_both_brokers
@pytest.mark.parametrize("codec", CODECS)
def test_every_range_of_a_log_is_as_librdkafka_reads_it(broker: str, codec: str) -> None:
    """Any kind of record and compression, any range of offsets: the same records that another client reads."""
    name = new_topic(broker)
    fill(broker, name, codec, seed=1)
    expected = as_librdkafka_reads(broker, name)
    assert len(expected) == 300
    for start, end in [(0, 300), (1, 299), (137, 138), (150, 200), (299, 300), (5, 5)]:
        assert as_we_read(broker, name, start, end) == within(expected, start, end)


@on_both_brokers
def test_each_piece_says_how_many_records_follow(broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never more than there are, and none after the last: stages may wait for them."""
    monkeypatch.setattr(log_reader, "_BATCH_RECORDS", 50)
    name = new_topic(broker)
    fill(broker, name, "lz4", seed=3)
    pieces = [one for one in read_log(KafkaConnection(broker), name, 0, 0, 300) if isinstance(one, RecordBatches)]
    follow = [piece.remaining for piece in pieces]
    assert all(0 <= number <= 300 - piece.end for number, piece in zip(follow, pieces, strict=True))
    assert follow == sorted(follow, reverse=True)
    assert follow[0] > 0
    assert follow[-1] == 0
    assert [piece.unpack(Topic.RATING).remaining for piece in pieces] == follow


@on_both_brokers
def test_reading_stops_where_the_log_ends(broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that is shorter than its committed offset, as after data loss, is read to its end and no further."""
    monkeypatch.setattr(log_reader, "_END_AFTER_S", 1.0)
    name = new_topic(broker)
    fill(broker, name, "lz4", seed=2, count=20)
    assert as_we_read(broker, name, 0, 500) == as_librdkafka_reads(broker, name)
    assert as_we_read(broker, name, 400, 500) == []
    assert as_we_read(broker, new_topic(broker), 0, 10) == []


@needs_kafka
def test_aborted_transactions_and_their_markers_give_no_records(apache_kafka: str) -> None:
    """Records of aborted transactions never reach a view; those of committed ones do, in any order of both."""
    name = new_topic(apache_kafka)
    producer = Producer({"bootstrap.servers": apache_kafka, "transactional.id": name, "compression.type": "lz4"})
    producer.init_transactions(30)
    for number in range(12):
        producer.begin_transaction()
        for part in range(5):
            producer.produce(name, key=b"k", value=b"%d %d" % (number, part))
        if number % 3 == 1:
            producer.abort_transaction(30)
        else:
            producer.commit_transaction(30)
    expected = as_librdkafka_reads(apache_kafka, name)
    assert len(expected) == 8 * 5
    log_end = 12 * 6
    for start, end in [(0, log_end), (3, log_end), (0, 20), (6, 12), (5, 6)]:
        assert as_we_read(apache_kafka, name, start, end) == within(expected, start, end)


def test_a_broker_that_is_not_there_is_unavailable() -> None:
    """A connection to an address where nobody listens is reported as Unavailable, so the supervisor tries again."""
    with pytest.raises(Unavailable, match="Kafka does not answer"):
        list(read_log(KafkaConnection(f"127.0.0.1:{free_port()}"), "a-topic", 0, 0, 1))
