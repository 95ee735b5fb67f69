"""Promises 1 and 2 through real processes: workers come, go and are killed, and the topics still say what is true."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient
from support.brokers import on_both_brokers
from support.comparison import Last, compare, identity
from support.oracle import Oracle
from support.polling import DEADLINE_S, Overdue, eventually, eventually_passes
from support.scenario import accepted

from deploy.admin.topics import ensure_topics
from producers.sdk import EventPublisher
from producers.simulator import Haiphong2020
from schemas.batches.batch import RawBatch
from schemas.kafka.connection import KafkaConnection
from schemas.readers.record_reader import RecordReader
from schemas.records.complaints import Complaint
from schemas.records.facts import OfficeCount, RatedService, Satisfaction
from schemas.topics import Topic

PARTITIONS = 4
KINDS: dict[Topic, Any] = {
    Topic.RATED_SERVICE: RatedService,
    Topic.COMPLAINT: Complaint,
    Topic.SATISFACTION: Satisfaction,
    Topic.OFFICE_COUNT: OfficeCount,
}

pytestmark = pytest.mark.servers


@pytest.fixture
def connection(broker: str) -> KafkaConnection:
    """A broker with all topics, under a prefix of their own."""
    connection = KafkaConnection(broker, topic_prefix=f"t{uuid4().hex[:8]}.", session_timeout_ms=6000)
    ensure_topics(connection, partitions=PARTITIONS, replication_factor=1)
    return connection


@contextmanager
def worker(connection: KafkaConnection, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`hailong worker`, as a user runs it."""
    settings = {
        "HAILONG_KAFKA_BOOTSTRAP_SERVERS": connection.bootstrap_servers,
        "HAILONG_KAFKA_TOPIC_PREFIX": connection.topic_prefix,
        "HAILONG_KAFKA_SESSION_TIMEOUT_MS": "6000",
        "HAILONG_WORKER_GROUP_PREFIX": connection.topic_prefix,
        "HAILONG_WORKER_IDLE_ADVANCE_S": "2",
        "HAILONG_WORKER_MAX_BATCH_RECORDS": "500",
        "HAILONG_HTTP_PORT": "0",
    }
    command = [sys.executable, "-m", "deploy.cli.main", "worker"]
    with log.open("ab") as output:
        process = subprocess.Popen(command, env={**os.environ, **settings}, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def publish(connection: KafkaConnection, scenario: Haiphong2020, part: slice) -> None:
    """Send some of the scenario's batches and wait until Kafka has them."""
    with EventPublisher(connection) as publisher:
        for simulated in list(scenario.batches())[part]:
            for topic, key, value in zip(simulated.topics, simulated.keys, simulated.values, strict=True):
                publisher.publish_encoded(topic, key, value)


def read_all(connection: KafkaConnection) -> Last:
    """The record with the highest version of every identity in the output topics."""
    last: Last = {}
    consumer = Consumer(
        {**connection.consumer_config(f"{connection.topic_prefix}test-oracle"), "enable.partition.eof": True}
    )
    admin = AdminClient(dict(connection.client_config()))
    for topic, kind in KINDS.items():
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


@on_both_brokers
def test_two_workers_of_which_one_is_killed_and_replaced(connection: KafkaConnection, tmp_path: Path) -> None:
    """Two workers share the work, one dies by SIGKILL in the middle, another comes: the results equal the oracle's."""
    scenario = Haiphong2020(seed=11, scale=0.02)
    oracle = Oracle(*accepted(scenario))
    log = tmp_path / "worker.log"
    with worker(connection, log) as first, worker(connection, log):
        publish(connection, scenario, slice(0, 25))
        first.send_signal(signal.SIGKILL)
        publish(connection, scenario, slice(25, None))
        with worker(connection, log):
            wait_for_truth(connection, oracle, log)
    oracle.close()


def test_worker_stopped_in_the_middle_goes_on_where_it_was(connection: KafkaConnection, tmp_path: Path) -> None:
    """A worker that is stopped leaves with status 0, and the next one ends with the oracle's results."""
    scenario = Haiphong2020(seed=12, scale=0.02)
    oracle = Oracle(*accepted(scenario))
    log = tmp_path / "worker.log"
    publish(connection, scenario, slice(0, 30))
    with worker(connection, log) as first:
        eventually(lambda: read_all(connection), "the first outputs")
        first.terminate()
        assert first.wait(DEADLINE_S) == 0
    publish(connection, scenario, slice(30, None))
    with worker(connection, log):
        wait_for_truth(connection, oracle, log)
    oracle.close()
