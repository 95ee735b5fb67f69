"""The brokers of the tests: which there are, and what a test says that is to hold on all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local.broker_kind import Broker
from deploy.local.kafka.jars import available
from support.embedded_broker import EmbeddedBroker
from support.kafka_cluster import KafkaCluster

on_both_brokers = pytest.mark.parametrize("broker", list(Broker), indirect=True, scope="session", ids=str)
"""Marks a test, or with `pytestmark` a module, that runs once on each broker. Without it the fixture `broker` of
`tests/conftest.py` is the embedded one. The mark works through fixtures too: the test need not name `broker` itself."""

needs_kafka = pytest.mark.usefixtures("kafka_can_run")
"""Marks a test that starts brokers of Apache Kafka by itself."""


def need_apache_kafka() -> None:
    """Skip the test where Apache Kafka cannot run; where CI=true, which promises that it can, fail instead."""
    missing = available()
    if missing is None:
        return
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"CI must run the tests on Apache Kafka. {missing}")
    pytest.skip(f"Not tested on Apache Kafka. {missing}")


@contextmanager
def running(broker: Broker, directory: Path) -> Iterator[str]:
    """A broker's address, for as long as the block lasts."""
    if broker is Broker.EMBEDDED:
        with EmbeddedBroker(directory) as embedded:
            yield embedded.address
    else:
        need_apache_kafka()
        with KafkaCluster(directory) as cluster:
            yield cluster.bootstrap_servers
