from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from support.extras import needs_kafka
from support.kafka_cluster import KafkaCluster
from support.polling import DEADLINE_S, eventually

from deploy.local.kafka.configuration import Node, server_properties
from schemas.errors import ConfigurationError, SystemFault
from schemas.kafka.connection import KafkaConnection

TOPIC = "numbers"

ROOT = Path(__file__).resolve().parents[4]


def make_topic(cluster: KafkaCluster, copies: int) -> None:
    """One partition."""
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap_servers, "log_level": 0})
    admin.create_topics([NewTopic(TOPIC, 1, copies)])[TOPIC].result(DEADLINE_S)


def write(cluster: KafkaCluster, numbers: range) -> None:
    """Records that are confirmed by as many brokers as the cluster demands."""
    settings = KafkaConnection(cluster.bootstrap_servers).producer_config()
    producer = Producer({**settings, "log_level": 0, "message.timeout.ms": 120_000})
    undelivered: list[object] = []
    for number in numbers:
        producer.produce(TOPIC, str(number), on_delivery=lambda error, _: undelivered.append(error) if error else None)
    assert producer.flush(DEADLINE_S) == 0
    assert undelivered == []


def when_coordinated(ask: Callable[[], Any]) -> Any:
    """Ask again while a group's coordinator is being found, as after its first use and after a loss."""

    def answer() -> tuple[Any] | None:
        try:
            return (ask(),)
        except KafkaException as error:
            if not error.args[0].retriable() and error.args[0].code() != KafkaError.NOT_COORDINATOR:
                raise
            return None

    return eventually(answer, "an answer of the coordinator")[0]


def read(cluster: KafkaCluster) -> list[int]:
    """All records from the committed offset on, which is then committed."""
    connection = KafkaConnection(cluster.bootstrap_servers)
    consumer = Consumer({**connection.consumer_config("reader"), "enable.partition.eof": True, "log_level": 0})
    (committed,) = when_coordinated(partial(consumer.committed, [TopicPartition(TOPIC, 0)], timeout=DEADLINE_S))
    consumer.assign([TopicPartition(TOPIC, 0, max(committed.offset, 0))])
    found: list[int] = []
    while (message := consumer.poll(DEADLINE_S)) is not None and message.error() is None:
        found.append(int(message.value() or b""))
    assert message is not None, "no broker answers"
    if found:
        when_coordinated(partial(consumer.commit, asynchronous=False))
    consumer.close()
    return found


@pytest.mark.servers
@needs_kafka
def test_one_broker_keeps_records_and_offsets(tmp_path: Path) -> None:
    """What was confirmed survives SIGKILL, an ordinary stop, and the end of the whole cluster; so does its id."""
    directory = tmp_path / "Hải Phòng"  # names of directories are not always plain ASCII
    with KafkaCluster(directory) as cluster:
        make_topic(cluster, 1)
        write(cluster, range(10))
        assert read(cluster) == list(range(10))
        before = cluster.pid(0)
        cluster.kill(0)
        assert cluster.pid(0) is None
        cluster.start(0)
        cluster.wait_ready()
        assert cluster.pid(0) not in {None, before}
        write(cluster, range(10, 20))
        cluster.stop(0)
        cluster.start(0)
        cluster.wait_ready()
        assert read(cluster) == list(range(10, 20))
        write(cluster, range(20, 25))
        first_id = (directory / "cluster.id").read_text()
    with KafkaCluster(directory) as cluster:
        assert read(cluster) == list(range(20, 25))
        metadata = AdminClient({"bootstrap.servers": cluster.bootstrap_servers}).list_topics(timeout=DEADLINE_S)
        assert metadata.cluster_id == first_id


@pytest.mark.servers
@needs_kafka
def test_three_brokers_survive_the_loss_of_one(tmp_path: Path) -> None:
    """While the one that led the partition is gone, writing and reading go on, and nothing confirmed is missing."""
    with KafkaCluster(tmp_path, brokers=3) as cluster:
        make_topic(cluster, 3)
        write(cluster, range(10))
        admin = AdminClient({"bootstrap.servers": cluster.bootstrap_servers, "log_level": 0})
        leader = admin.list_topics(TOPIC, timeout=DEADLINE_S).topics[TOPIC].partitions[0].leader
        cluster.kill(leader)
        write(cluster, range(10, 20))
        assert read(cluster) == list(range(20))
        cluster.start(leader)
        cluster.wait_ready()
        write(cluster, range(20, 30))
        for number in range(3):
            cluster.kill(number)  # an orderly end of three takes longer, and is no part of this test


@pytest.mark.servers
@needs_kafka
def test_brokers_end_with_who_started_them(tmp_path: Path) -> None:
    """A test run that is killed leaves no Java behind."""
    code = (
        "import sys, time; from pathlib import Path; from support.kafka_cluster import KafkaCluster\n"
        "with KafkaCluster(Path(sys.argv[1])) as cluster: print(cluster.pid(0), flush=True); time.sleep(600)"
    )
    paths = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    starter = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    starter.send_signal(signal.SIGKILL)
    starter.communicate()
    eventually(lambda: not Path(f"/proc/{pid}/cmdline").exists(), "the end of the broker")


@pytest.mark.servers
@needs_kafka
def test_a_broker_that_cannot_start_says_why(tmp_path: Path) -> None:
    """Its last lines are in the error, which comes when the broker ends and not when a timeout does."""
    cluster = KafkaCluster(tmp_path)
    (node,) = cluster.nodes
    node.directory.mkdir()
    node.data.mkdir()
    (node.data / "meta.properties").write_text("version=1\ncluster.id=another\nnode.id=7\n")
    (node.directory / "formatted").touch()
    with pytest.raises(SystemFault, match=r"(?s)broker 0 ended with status 1.*Stored node id 7"), cluster:
        pass


def test_a_cluster_has_one_or_three_brokers(tmp_path: Path) -> None:
    """Two would be lost with any one of them, and a directory of three is not half opened."""
    with pytest.raises(ConfigurationError, match="has 1 or 3 brokers, not 2"):
        KafkaCluster(tmp_path, brokers=2)
    for number in range(3):
        (tmp_path / f"broker-{number}" / "data").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="holds a cluster of 3 brokers, not 1"):
        KafkaCluster(tmp_path)


def test_settings_are_read_back_by_java_as_they_were_meant(tmp_path: Path) -> None:
    """Properties files are Latin-1 with escapes: other letters and backslashes would name another directory."""
    node = Node(0, tmp_path / "Hải\\Phòng")
    (line,) = (line for line in server_properties(node, (node,)).splitlines() if line.startswith("log.dirs="))
    assert line == f"log.dirs={tmp_path}/H\\u1ea3i\\\\Ph\\u00f2ng/broker-0/data"
