"""Workers as real processes, and what the output topics say in the end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from deploy.admin.topics import ensure_topics
from schemas.batches.batch import RawBatch
from schemas.kafka.connection import KafkaConnection
from schemas.readers.record_reader import RecordReader
from schemas.records.alerts import Alert
from schemas.records.complaints import Complaint
from schemas.records.facts import OfficeCount, RatedService, Satisfaction
from schemas.topics import Topic
from support.comparison import Last, compare, identity
from support.oracle import Oracle
from support.polling import Overdue, eventually_passes

PARTITIONS = 4
_KINDS: dict[Topic, Any] = {
    Topic.RATED_SERVICE: RatedService,
    Topic.COMPLAINT: Complaint,
    Topic.SATISFACTION: Satisfaction,
    Topic.OFFICE_COUNT: OfficeCount,
    Topic.ALERT: Alert,
}


def fresh_topics(broker: str) -> KafkaConnection:
    """A connection to a broker with all topics, under a prefix of their own."""
    connection = KafkaConnection(broker, topic_prefix=f"t{uuid4().hex[:8]}.", session_timeout_ms=6000)
    ensure_topics(connection, partitions=PARTITIONS, replication_factor=1)
    return connection


@contextmanager
def worker(connection: KafkaConnection, log: Path, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """`hailong worker`, as a user runs it; `more` are further settings."""
    settings = {
        "HAILONG_KAFKA_BOOTSTRAP_SERVERS": connection.bootstrap_servers,
        "HAILONG_KAFKA_TOPIC_PREFIX": connection.topic_prefix,
        "HAILONG_KAFKA_SESSION_TIMEOUT_MS": "6000",
        "HAILONG_WORKER_GROUP_PREFIX": connection.topic_prefix,
        "HAILONG_WORKER_IDLE_ADVANCE_S": "2",
        "HAILONG_WORKER_MAX_BATCH_RECORDS": "500",
        "HAILONG_HTTP_PORT": "0",
        **more,
    }
    command = [sys.executable, "-m", "deploy.cli.main", "worker"]
    with log.open("ab") as output:
        process = subprocess.Popen(command, env={**os.environ, **settings}, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def read_all(connection: KafkaConnection) -> Last:
    """The record with the highest version of every identity in the output topics."""
    last: Last = {}
    consumer = Consumer(
        {**connection.consumer_config(f"{connection.topic_prefix}test-oracle"), "enable.partition.eof": True}
    )
    admin = AdminClient(dict(connection.client_config()))
    for topic, kind in _KINDS.items():
        name = topic.value.name(connection.topic_prefix)
        partitions = admin.list_topics(name).topics[name].partitions
        consumer.assign([TopicPartition(name, number, 0) for number in partitions])
        reader, ended = RecordReader(topic, kind), 0
        while ended < len(partitions):
            for message in consumer.consume(5000, timeout=1.0):
                if message.error() is not None:
                    ended += 1
                    continue
                batch = RawBatch(topic, 0, [0], [0], [message.key()], [message.value()])
                ((_index, record),) = reader.read(batch).accepted
                known = last.get((topic, identity(record)))
                if known is None or record.version > known.version:
                    last[topic, identity(record)] = record
    consumer.close()
    return last


def wait_for_truth(connection: KafkaConnection, oracle: Oracle, log: Path) -> None:
    """Until the topics say what the oracle says; fails with the difference and the end of the log."""
    try:
        eventually_passes(lambda: compare(read_all(connection), oracle), "the topics equal the oracle")
    except Overdue as overdue:
        raise Overdue(f"{overdue}\n{log.read_text()[-2000:]}") from None
