"""The brokers of the tests: which there are, and the mark of a test that must hold on each of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local.broker_kind import Broker
from support.embedded_broker import EmbeddedBroker
from support.extras import needs_kafka
from support.kafka_cluster import KafkaCluster

on_both_brokers = pytest.mark.parametrize(
    "broker",
    [pytest.param(Broker.EMBEDDED, id="embedded"), pytest.param(Broker.KAFKA, id="kafka", marks=needs_kafka)],
    indirect=True,
    scope="session",
)
"""Marks a test, or with `pytestmark` a module, that runs once on each broker. Without it the fixture `broker` of
`tests/conftest.py` is the embedded one. The mark works through fixtures too: the test need not name `broker` itself."""

on_kafka = pytest.mark.parametrize(
    "broker", [pytest.param(Broker.KAFKA, id="kafka", marks=needs_kafka)], indirect=True, scope="session"
)
"""Marks a test of what the embedded broker cannot do."""


@contextmanager
def running(broker: Broker, directory: Path) -> Iterator[str]:
    """A broker's address, for as long as the block lasts."""
    if broker is Broker.EMBEDDED:
        with EmbeddedBroker(directory) as embedded:
            yield embedded.address
    else:
        with KafkaCluster(directory) as cluster:
            yield cluster.bootstrap_servers
