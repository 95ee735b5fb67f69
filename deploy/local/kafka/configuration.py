"""What a local Kafka cluster consists of, and the settings of its brokers.

Every broker is also a controller (KRaft's combined mode). That is not for production; here it makes one process per
broker, and three of them survive the loss of one.
"""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Node:
    """One broker.

    Attributes:
        number: From 0; its node id.
        directory: Its settings, its log and its records.
        port: For clients, on the loopback interface.
        controller_port: For the other controllers.
    """

    number: int
    directory: Path
    port: int
    controller_port: int

    @property
    def address(self) -> str:
        """`host:port` for clients."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def data(self) -> Path:
        """Its records and its metadata."""
        return self.directory / "data"

    @property
    def properties(self) -> Path:
        """Its settings file."""
        return self.directory / "server.properties"

    @property
    def log4j2(self) -> Path:
        """How it logs."""
        return self.directory / "log4j2.properties"


def choose_nodes(directory: Path, brokers: int, ports: tuple[int, ...] = ()) -> tuple[Node, ...]:
    """The brokers of a cluster.

    Args:
        directory: Of the cluster; the same one finds the records again.
        brokers: How many.
        ports: For clients; free ones are chosen if none are given.

    Raises:
        ConfigurationError: Another number than 1 or 3, or a directory that Kafka cannot be told.
    """
    problems = []
    if brokers not in {1, 3}:
        problems.append(f"A local Kafka has 1 or 3 brokers, not {brokers}: two cannot survive the loss of one.")
    if "," in str(directory):
        problems.append(f"Kafka reads a comma as the end of a directory name: {directory}.")
    kept = len(sorted(directory.glob("broker-*/data")))
    if kept not in {0, brokers}:
        problems.append(f"{directory} holds a cluster of {kept} brokers, not {brokers}: name another directory.")
    if problems:
        raise ConfigurationError(problems)
    directory = directory.resolve()
    return tuple(
        Node(number, directory / f"broker-{number}", ports[number] if ports else free_port(), free_port())
        for number in range(brokers)
    )


def server_properties(node: Node, nodes: tuple[Node, ...]) -> str:
    """The settings file of a broker.

    With three brokers every record is on all three, and a write with acks=all is confirmed by at least two: so the loss
    of any one loses nothing and stops nobody.
    """
    copies, in_sync = (3, 2) if len(nodes) == 3 else (1, 1)
    settings = {
        **_FIXED,
        "node.id": str(node.number),
        "controller.quorum.voters": ",".join(f"{one.number}@{LOOPBACK}:{one.controller_port}" for one in nodes),
        "listeners": f"PLAINTEXT://{node.address},CONTROLLER://{LOOPBACK}:{node.controller_port}",
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
