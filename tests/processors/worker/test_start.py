"""What a worker reports when it cannot start, and what its producer does when Kafka refuses."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from support.worker_bench import WorkerBench

from processors.stages.stage import PartitionState
from processors.transport.credentials import credentials
from processors.worker.options import WorkerOptions
from processors.worker.output.sync_producer import SyncProducer
from processors.worker.worker import Worker
from schemas.errors import ConfigurationError, OutcomeUnknown, SystemFault, Unavailable
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_metadata import describe_names
from schemas.topics import Topic


@dataclass
class Joining:
    """A stage that never gets as far as a state."""

    name: str = "joining"
    inputs: Sequence[Topic] = (Topic.DECLARATION_STATUS, Topic.RATING)

    def new_state(self, partition: int) -> PartitionState:
        """Never asked."""
        raise AssertionError(partition)


def run(connection: KafkaConnection, **options: Any) -> int:
    """Start a worker with one joining stage."""
    return Worker(connection, [Joining()], WorkerOptions(**options), lambda: 0).run()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts connections and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.mark.servers
def test_missing_topics_are_all_named(bench: WorkerBench) -> None:
    """A worker refuses to start without its topics and lists every one that is missing."""
    with pytest.raises(ConfigurationError) as refusal:
        run(bench.connection)
    problems = "\n".join(refusal.value.problems)
    assert [bench.name(topic) in problems for topic in (Topic.DECLARATION_STATUS, Topic.RATING)] == [True, True]
    assert bench.name(Topic.DEAD_LETTER) in problems


@pytest.mark.servers
def test_joined_topics_need_equal_partition_counts(bench: WorkerBench) -> None:
    """A worker refuses to join topics with different partition counts, and reports the counts."""
    bench.create(partitions=4, RATING=3)
    with pytest.raises(ConfigurationError, match=r"declaration-status\.v1 has 4, .*rating\.v1 has 3"):
        run(bench.connection)


def test_an_unreachable_broker_is_named_in_time(silent_port: int) -> None:
    """A broker that does not answer in time is an error that names its address."""
    started = time.monotonic()
    with pytest.raises(Unavailable, match=f"127.0.0.1:{silent_port} does not answer"):
        run(KafkaConnection(f"127.0.0.1:{silent_port}"), connect_timeout_s=1.0)
    assert time.monotonic() - started < 30


@pytest.mark.servers
def test_the_identity_of_a_topic_changes_when_it_is_recreated(bench: WorkerBench) -> None:
    """The identity of a topic stays the same until it is deleted and recreated."""
    # given
    bench.create()
    name = bench.name(Topic.RATING)
    before = describe_names(bench.connection, [name], 10)[name]
    again = describe_names(bench.connection, [name], 10)[name]
    # when
    bench.admin.delete_topics([name])[name].result()
    assert describe_names(bench.connection, [name], 10) == {}
    bench.create_one(Topic.RATING, 4)
    # then
    assert before == again
    assert describe_names(bench.connection, [name], 10)[name].identity != before.identity


@pytest.mark.servers
def test_output_that_kafka_refuses_for_good_is_a_fault(bench: WorkerBench) -> None:
    """Output that can never be written stops the stage instead of being retried for ever."""
    producer = SyncProducer(bench.connection, "test")
    with pytest.raises(SystemFault, match="refuses output of test: MSG_SIZE_TOO_LARGE"):
        producer.publish([(bench.name(Topic.ALERT), b"k", bytes(2_000_000))])


def test_publishing_waits_for_kafka_and_can_be_aborted(silent_port: int) -> None:
    """While Kafka is away the producer waits; when aborted, it reports that the outcome is unknown."""
    producer = SyncProducer(KafkaConnection(f"127.0.0.1:{silent_port}"), "test")
    threading.Timer(0.3, producer.abort).start()
    with pytest.raises(OutcomeUnknown):
        producer.publish([("t", b"k", b"v")])
    producer._producer.purge()


def test_options_that_cannot_work_are_all_listed() -> None:
    """All wrong options are listed in one error."""
    with pytest.raises(ConfigurationError) as refusal:
        WorkerOptions(group_prefix="", queue_batches=0, commit_interval_s=0, idle_advance_s=-1)
    assert len(refusal.value.problems) == 4


SASL: Mapping[str, Any] = {"sasl_mechanism": "SCRAM-SHA-512", "sasl_username": "u", "sasl_password": "a secret"}


@pytest.mark.parametrize(
    ("settings", "protocol"),
    [
        ({"security_protocol": "PLAINTEXT"}, None),
        ({"security_protocol": "SSL"}, "SSL"),
        ({"security_protocol": "SASL_PLAINTEXT", **SASL}, "SASL_PLAINTEXT"),
        ({"security_protocol": "SASL_SSL", **SASL}, "SASL_SSL"),
    ],
)
def test_credentials_reach_faust(settings: Mapping[str, Any], protocol: str | None) -> None:
    """TLS and SASL settings become Faust credentials that do not show the password."""
    found = credentials(replace(KafkaConnection("h:1"), **settings))
    assert (None if found is None else found.protocol.value) == protocol
    assert "a secret" not in repr(found)
