"""The embedded servers, shared by all tests of the sinks; each test has topics and a database of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import Error as DriverError
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from support.clickhouse import drop_databases
from support.events import value_of
from support.polling import DEADLINE_S, eventually
from support.threads import beside

from deploy.local.ports import free_port
from deploy.local.supervisor.child import bound_command
from deploy.local.tansu import EmbeddedBroker
from schemas.contacts.sealing import Contact, SealingKeys, seal
from schemas.kafka.connection import KafkaConnection
from schemas.keys import declaration_key, key_of
from schemas.topics import Topic
from sinks.clickhouse.client import connect
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.loader import SinkMonitor, SinkOptions, run_sink
from sinks.clickhouse.migrate import migrate

PASSWORD = "sinks-test"
KEYS = SealingKeys.parse(SealingKeys.generate())
ROOT = Path(__file__).resolve().parents[2]
_SERVER = """
import sys
from deploy.local.clickhouse import configuration
configuration._GRANTS = configuration._GRANTS.replace(sys.argv.pop(1) or " ", " ").replace(" ,", "")
from deploy.local.clickhouse.__main__ import main
main()
"""
"""The embedded server, but for one of the rights that its engine gives and checks."""
PROGRAM = Path(__file__).with_name("run_sink_program.py")


def raw(topic: Topic, *records: Any) -> list[tuple[bytes | None, bytes | None]]:
    """Records as they stand in Kafka: key and value."""

    def key(one: Any) -> bytes | None:
        if topic is Topic.DEAD_LETTER:
            return None
        return declaration_key(one.declaration_no) if topic in (Topic.DECLARATION_STATUS, Topic.RATING) else key_of(one)

    return [(key(one), value_of(one, topic)) for one in records]


def sealed(sheet_id: str, name: str = "Nguyễn Văn Canary", phone: str = "0912345678") -> bytes:
    """A contact as it travels."""
    return seal(Contact(name, phone), sheet_id, KEYS)


class Server:
    """The embedded ClickHouse, which tests may kill and start again on the same port and directory."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self._directory = directory
        self._password = PASSWORD
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, password: str = PASSWORD, without: str = "") -> None:
        """Start it and wait until it answers.

        Args:
            password: Of its user.
            without: A right that its user does not have this time, e.g. INSERT.
        """
        command = [
            *(sys.executable, "-c", _SERVER, without, "--path", str(self._directory / "data")),
            *("--host", "127.0.0.1", "--port", str(self.port)),
        ]
        environment = {**os.environ, "HAILONG_CLICKHOUSE_PASSWORD": password}
        self._password = password
        with (self._directory / "clickhouse.log").open("ab") as log:
            self._process = subprocess.Popen(bound_command(command), cwd=ROOT, env=environment, stdout=log, stderr=log)
        eventually(self._answers, "ClickHouse answers")

    def _answers(self) -> bool:
        connection = replace(self.connection("default"), password=self._password)
        client = connect(connection, timeout_s=2)
        try:
            return bool(client.execute("SELECT 1"))
        except (DriverError, EOFError, OSError):
            return False
        finally:
            client.disconnect()

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._process = None

    def stop(self) -> None:
        """Stop it in order."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(DEADLINE_S)

    def connection(self, database: str) -> ClickHouseConnection:
        """How to reach a database of it."""
        return ClickHouseConnection(port=self.port, password=PASSWORD, database=database)


_NOT_YET = {
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError._TIMED_OUT,
    KafkaError._TRANSPORT,
}


@lru_cache(maxsize=4)
def _admin(kafka: KafkaConnection) -> AdminClient:
    # It outlives brokers that tests stop, and would say so every second.
    return AdminClient({**kafka.client_config(), "log_level": 0})


@dataclass
class World:
    """Topics under a prefix and a database of their own.

    Attributes:
        kafka: Connection to the broker.
        clickhouse: Connection to the server.
        server: The server itself.
        options: Of the sinks that run here.
    """

    kafka: KafkaConnection
    clickhouse: ClickHouseConnection
    server: Server
    options: SinkOptions = field(
        default_factory=lambda: SinkOptions(flush_interval_s=0.1, commit_interval_s=0.1, retry_max_s=0.5)
    )

    def create_topics(self, partitions: int = 2) -> None:
        """Create every topic."""
        topics = [
            NewTopic(
                topic.value.name(self.kafka.topic_prefix),
                topic.value.partitions or partitions,
                1,
                config=topic.value.config,
            )
            for topic in Topic
        ]
        for future in self.admin.create_topics(topics).values():
            future.result()

    def drop(self) -> None:
        """Drop the database."""
        drop_databases(self.clickhouse, self.clickhouse.database)

    def send(self, topic: Topic, *records: Any, partition: int = 0) -> None:
        """Produce records of the contract."""
        self.produce(topic, raw(topic, *records), partition)

    def produce(self, topic: Topic, records: Sequence[tuple[bytes | None, bytes | None]], partition: int = 0) -> None:
        """Produce raw keys and values."""
        producer = Producer(dict(self.kafka.producer_config()))
        for key, value in records:
            producer.produce(topic.value.name(self.kafka.topic_prefix), key=key, value=value, partition=partition)
            producer.poll(0)
        assert producer.flush(20) == 0

    def rows(self, query: str, **params: Any) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        client = connect(self.clickhouse)
        try:
            found: list[tuple[Any, ...]] = client.execute(query, params or None)
        finally:
            client.disconnect()
        return found

    def count(self, table: str) -> int:
        """Rows of a table, each id once."""
        return int(self.rows(f"SELECT count() FROM {table} FINAL")[0][0])

    @property
    def admin(self) -> AdminClient:
        """Asks the broker."""
        return _admin(self.kafka)

    def committed(self, topic: Topic = Topic.DECLARATION_STATUS) -> int:
        """How many records of a topic the group has committed; -1 while a broker that comes back does not know."""
        name = topic.value.name(self.kafka.topic_prefix)
        # A new client each time: an old one may go on asking a broker that was there before.
        consumer = Consumer({**self.kafka.consumer_config(self.options.group), "log_level": 0})
        try:
            found = consumer.committed([TopicPartition(name, number) for number in range(2)], timeout=10)
        except KafkaException as exception:
            if exception.args[0].code() not in _NOT_YET:
                raise
            return -1
        finally:
            consumer.close()
        return sum(max(one.offset, 0) for one in found)

    @contextmanager
    def sink(self, **changed: Any) -> Iterator[SinkMonitor]:
        """A sink in a thread, for as long as the block lasts; what stopped it is raised at the end."""
        stop, monitor, options = threading.Event(), SinkMonitor(), replace(self.options, **changed)
        with beside(lambda: run_sink(self.kafka, self.clickhouse, options, stop, monitor=monitor), stop, DEADLINE_S):
            yield monitor

    def eventually_failed(self, monitor: SinkMonitor) -> None:
        """Wait until the sink has failed."""
        eventually(lambda: monitor.progress.state == "failed", "the sink fails")

    def eventually_stored(self, monitor: SinkMonitor, records: int) -> None:
        """Wait until so many records are stored, or the sink has failed."""
        eventually(lambda: self._done(monitor, records), f"{records} records stored")

    @staticmethod
    def _done(monitor: SinkMonitor, records: int) -> bool:
        return monitor.progress.records >= records or monitor.progress.state == "failed"

    def load(self, records: int, **changed: Any) -> None:
        """Run a sink until it has stored so many records."""
        with self.sink(**changed) as monitor:
            self.eventually_stored(monitor, records)


def new_world(server: Server, address: str) -> World:
    """Fresh topics and a fresh, migrated database."""
    name = uuid4().hex[:8]
    kafka = KafkaConnection(address, topic_prefix=f"t{name}.", session_timeout_ms=2_000)
    world = World(kafka, server.connection(f"t{name}"), server)
    world.options = replace(world.options, group=f"t{name}.sink")
    migrate(world.clickhouse)
    world.create_topics()
    return world


class SinkProcess:
    """A sink in a process of its own.

    Args:
        world: What it reads and fills.
        directory: For its log.
        name: Of the log.
        settings: More settings of librdkafka.
        options: Differing options.
    """

    def __init__(self, world: World, directory: Path, name: str, settings: Mapping[str, Any], **options: Any) -> None:
        server = asdict(world.clickhouse)
        server.pop("ca_file")
        kafka = {name: value for name, value in asdict(world.kafka).items() if not name.startswith("ssl")}
        chosen = asdict(replace(world.options, **options))
        chosen.pop("dead_letter_limit")
        given = {"kafka": kafka, "clickhouse": server, "options": chosen, "settings": settings}
        self._log = directory / f"{name}.log"
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                bound_command([sys.executable, str(PROGRAM), json.dumps(given)]), cwd=ROOT, stdout=log, stderr=log
            )

    @property
    def log(self) -> str:
        """What it said."""
        return self._log.read_text()

    def says(self, words: str) -> int:
        """How often its log holds some words."""
        return self.log.count(words)

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    @property
    def resident(self) -> int:
        """Its resident memory, bytes."""
        text = Path(f"/proc/{self.process.pid}/statm").read_text()
        return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def end(self, number: signal.Signals = signal.SIGTERM, seconds: float = DEADLINE_S) -> int:
        """End it; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(number)
        return self.process.wait(seconds)


class Helpers:
    """Functions for tests."""

    raw = staticmethod(raw)
    sealed = staticmethod(sealed)
    new_world = staticmethod(new_world)
    program = PROGRAM


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The embedded ClickHouse."""
    found = Server(tmp_path_factory.mktemp("clickhouse"))
    try:
        found.start()
        yield found
    finally:
        found.stop()


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    """The embedded broker."""
    with EmbeddedBroker(tmp_path_factory.mktemp("broker")) as found:
        yield found


@pytest.fixture
def sinks(tmp_path: Path) -> Iterator[Callable[..., SinkProcess]]:
    """Starts sinks as processes: `sinks(world, name, settings={}, **options)`; what still runs is killed at the end."""
    running: list[SinkProcess] = []

    def start(world: World, name: str, settings: Mapping[str, Any] | None = None, **options: Any) -> SinkProcess:
        running.append(SinkProcess(world, tmp_path, name, settings or {}, **options))
        return running[-1]

    yield start
    for one in running:
        one.end(signal.SIGKILL)


@pytest.fixture
def helpers() -> Helpers:
    """What test modules cannot import from here."""
    return Helpers()


@pytest.fixture
def world(server: Server, broker: EmbeddedBroker) -> Iterator[World]:
    """Empty topics and an empty, migrated database."""
    found = new_world(server, broker.address)
    yield found
    found.drop()


@pytest.fixture
def database(server: Server) -> Iterator[Client]:
    """A client of an empty, migrated database."""
    connection = replace(server.connection("default"), database=f"t{uuid4().hex[:8]}")
    migrate(connection)
    client = connect(connection)
    yield client
    client.disconnect()
    drop_databases(connection, connection.database)
