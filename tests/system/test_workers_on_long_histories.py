"""Promise 2 through real processes for a history of 26 months: in any order, while workers are killed and come."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from support.arrival_orders import Order
from support.brokers import on_both_brokers
from support.comparison import records_of
from support.events import value_of
from support.long_history import Arrival, long_history
from support.polling import eventually
from support.real_workers import fresh_topics, read_all, wait_for_truth, worker

from producers.sdk import EventPublisher
from schemas.kafka.connection import KafkaConnection
from schemas.keys import declaration_key
from schemas.records.alerts import AlertState
from schemas.topics import Topic

pytestmark = [pytest.mark.servers, pytest.mark.long]


@pytest.fixture
def connection(broker: str) -> KafkaConnection:
    """A broker with all topics, under a prefix of their own."""
    return fresh_topics(broker)


def publish(connection: KafkaConnection, arrivals: Sequence[Arrival]) -> None:
    """Send events in order and wait until Kafka has them."""
    with EventPublisher(connection) as publisher:
        for topic, record in arrivals:
            publisher.publish_encoded(topic, declaration_key(record.declaration_no), value_of(record, topic))


@on_both_brokers
@pytest.mark.parametrize("order", [Order.STATUSES_FIRST, Order.MIXED])
def test_a_history_of_two_years_with_a_kill_and_a_second_worker(
    connection: KafkaConnection, order: Order, tmp_path: Path
) -> None:
    """One worker is killed in the middle and comes back to its snapshots, another joins it: all equals the oracle."""
    history = long_history(26, hours=10)  # large enough for a snapshot of a partition
    arrivals, log, group = history.arrivals(order), tmp_path / "worker.log", f"one-{uuid4().hex[:8]}"
    snapshots = {
        "HAILONG_WORKER_SNAPSHOT_DIRECTORY": str(tmp_path / "snapshots"),
        "HAILONG_WORKER_SNAPSHOT_INTERVAL_S": "0.5",
        "HAILONG_WORKER_GROUP_INSTANCE_ID": group,
        "HAILONG_WORKER_GRACE_S": "5",
    }
    middle = len(arrivals) * 9 // 10
    oracle = history.oracle()
    with worker(connection, log, **snapshots) as first:
        publish(connection, arrivals[:middle])
        eventually(lambda: records_of(read_all(connection), Topic.RATED_SERVICE), "the first facts")
        eventually(lambda: any((tmp_path / "snapshots").glob("join-*")), "a snapshot")
        first.send_signal(signal.SIGKILL)
    with worker(connection, log, **snapshots):
        publish(connection, arrivals[middle : middle + 100])
        with worker(connection, log, HAILONG_WORKER_GRACE_S="5"):
            publish(connection, arrivals[middle + 100 :])
            wait_for_truth(connection, oracle, log)
    oracle.close()
    alerts = records_of(read_all(connection), Topic.ALERT)
    assert any(alert.state != AlertState.RETRACTED for alert in alerts)
