"""Promises 1 and 2 through real processes: workers come, go and are killed, and the topics still say what is true."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from support.brokers import on_both_brokers
from support.oracle import Oracle
from support.polling import DEADLINE_S, eventually
from support.real_workers import fresh_topics, read_all, wait_for_truth, worker
from support.scenario import accepted

from producers.sdk import EventPublisher
from producers.simulator import Haiphong2020
from schemas.kafka.connection import KafkaConnection

pytestmark = pytest.mark.servers


@pytest.fixture
def connection(broker: str) -> KafkaConnection:
    """A broker with all topics, under a prefix of their own."""
    return fresh_topics(broker)


def publish(connection: KafkaConnection, scenario: Haiphong2020, part: slice) -> None:
    """Send some of the scenario's batches and wait until Kafka has them."""
    with EventPublisher(connection) as publisher:
        for simulated in list(scenario.batches())[part]:
            for topic, key, value in zip(simulated.topics, simulated.keys, simulated.values, strict=True):
                publisher.publish_encoded(topic, key, value)


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


@pytest.mark.long
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
