"""What a local Kafka cluster consists of, and the settings of its brokers.

Every broker is also a controller (KRaft's combined mode). That is not for production; here it makes one process per
broker, and three of them survive the loss of one.
"""

from __future__ import annotations

from pathlib import Path

from deploy.local.ports import free_port
from schemas.errors import ConfigurationError

LOOPBACK = "127.0.0.1"

_FIXED = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    # A mistyped topic must be an error, not a new topic with one partition.
    "auto.create.topics.enable": "false",
    # A group forms as soon as its first member joins; by default Kafka waits 3 s for more.
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # A killed broker can register again only when its old session has expired: after 2.5 s instead of 9. It retries
    # after 1.5, 3.1 and 6.1 s, so a slightly longer session would cost 3 s.
    "broker.session.timeout.ms": "2500",
    "broker.heartbeat.interval.ms": "500",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.num.partitions": "4",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
    "num.recovery.threads.per.data.dir": "1",
    "log.cleaner.threads": "1",
    "log.cleaner.dedupe.buffer.size": str(16 << 20),
    "log.index.size.max.bytes": str(1 << 20),
}

LOG4J2 = """\
status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{yyyy-MM-dd'T'HH:mm:ss.SSS'Z'}{UTC} %p %c{1}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = info
"""


class Node:
    """One broker of a cluster.

    Args:
        number: From 0; its node id.
        cluster: Directory of the cluster; the same one finds the records again.
        port: For clients, on the loopback interface; a free one is chosen if none is given.

    Raises:
        ConfigurationError: Kafka cannot use a directory of this name.
    """

    def __init__(self, number: int, cluster: Path, port: int | None = None) -> None:
        if "," in str(cluster):
            raise ConfigurationError([f"Kafka reads a comma as the end of a directory name: {cluster}."])
        self.number = number
        self.address = f"{LOOPBACK}:{port or free_port()}"
        self.controller = f"{LOOPBACK}:{free_port()}"
        self.directory = cluster.resolve() / f"broker-{number}"
        self.data = self.directory / "data"  # records and metadata
        self.properties = self.directory / "server.properties"  # its settings
        self.log4j2 = self.directory / "log4j2.properties"  # how it logs


def server_properties(node: Node, nodes: tuple[Node, ...]) -> str:
    """The settings file of a broker.

    With three brokers every record is on all three, and a write with acks=all is confirmed by at least two: so the loss
    of any one loses nothing and stops nobody.
    """
    copies, in_sync = (3, 2) if len(nodes) == 3 else (1, 1)
    settings = {
        **_FIXED,
        "node.id": str(node.number),
        "controller.quorum.voters": ",".join(f"{one.number}@{one.controller}" for one in nodes),
        "listeners": f"PLAINTEXT://{node.address},CONTROLLER://{node.controller}",
        "advertised.listeners": f"PLAINTEXT://{node.address}",
        "log.dirs": str(node.data),
        "default.replication.factor": str(copies),
        "min.insync.replicas": str(in_sync),
        "offsets.topic.replication.factor": str(copies),
        "transaction.state.log.replication.factor": str(copies),
        "transaction.state.log.min.isr": str(in_sync),
        "share.coordinator.state.topic.replication.factor": str(copies),
        "share.coordinator.state.topic.min.isr": str(in_sync),
    }
    return "".join(f"{name}={_escaped(value)}\n" for name, value in sorted(settings.items()))


def _escaped(value: str) -> str:
    """A value as Java reads it back from a properties file, which is Latin-1 with UTF-16 escapes."""
    utf_16 = value.replace("\\", "\\\\").encode("utf-16-be")
    units = (int.from_bytes(utf_16[at : at + 2]) for at in range(0, len(utf_16), 2))
    return "".join(chr(unit) if unit < 0x7F else f"\\u{unit:04x}" for unit in units)
