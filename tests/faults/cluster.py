"""The Kafka clusters that the matrix runs on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from support.embedded_broker import EmbeddedBroker
from support.kafka_cluster import KafkaCluster


class Cluster(Protocol):
    """What the matrix needs of a cluster; `support.kafka_cluster.KafkaCluster` has it."""

    @property
    def bootstrap_servers(self) -> str:
        """`host:port`, separated by commas."""

    def pid(self, number: int) -> int | None:
        """Process id of a broker; None while it does not run."""

    def kill(self, number: int) -> None:
        """SIGKILL."""

    def start(self, number: int) -> None:
        """Start a broker that was killed or stopped, on its data."""

    def stop(self, number: int) -> None:
        """Stop it in order."""

    def wait_ready(self, timeout_s: float) -> None:
        """Wait until all brokers answer."""


class EmbeddedCluster:
    """The embedded broker: it cannot be killed and started, for it keeps nothing."""

    def __init__(self, broker: EmbeddedBroker) -> None:
        self.bootstrap_servers = broker.address

    def pid(self, number: int) -> int | None:
        """Not told."""
        return None

    def kill(self, number: int) -> None:
        """Refused."""
        raise NotImplementedError("the embedded broker forgets everything when it ends")

    start = stop = kill

    def wait_ready(self, timeout_s: float) -> None:
        """It is."""


@contextmanager
def open_cluster(directory: Path, brokers: int, *, embedded: bool) -> Iterator[Cluster]:
    """A cluster for as long as the block lasts."""
    if embedded:
        with EmbeddedBroker(directory) as broker:
            yield EmbeddedCluster(broker)
        return
    with KafkaCluster(directory, brokers) as cluster:
        yield cluster
