"""Real `hailong` processes of one deployment: topics under a prefix, workers, and sinks into databases."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from producers.sdk import EventPublisher
from schemas.batches.batch import RawBatch
from schemas.kafka.connection import KafkaConnection
from schemas.readers.record_reader import RecordReader
from schemas.records.base import Record
from schemas.topics import Topic
from sinks.audit.run import audit
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.migrate import migrate
from support.clickhouse import read_database
from support.clickhouse_server import drop_databases
from support.comparison import compare
from support.oracle import Oracle
from support.polling import DEADLINE_S, Overdue, eventually_passes

R = TypeVar("R", bound=Record)
PARTITIONS = 2


@dataclass(frozen=True)
class Sent:
    """One record as a producer sends it; `at` is its Kafka timestamp, None for now."""

    topic: Topic
    key: bytes
    value: bytes
    at: int | None = None


@dataclass
class Pipeline:
    """One deployment on servers that it may share with others.

    Attributes:
        kafka: Connection, with a topic prefix of its own.
        clickhouse: The server.
        directory: For logs.
        settings: Variables of every process.
    """

    kafka: KafkaConnection
    clickhouse: ClickHouseConnection
    directory: Path
    settings: dict[str, str] = field(default_factory=dict)
    _running: dict[Path, subprocess.Popen[bytes]] = field(default_factory=dict, init=False)
    _publisher: EventPublisher = field(init=False)

    def __post_init__(self) -> None:
        """Create the topics and the publisher.

        The topics keep everything: tests write records of 2020, which our retention would delete at once.
        """
        admin = AdminClient(dict(self.kafka.client_config()))
        specs = [(topic.value.name(self.kafka.topic_prefix), topic.value) for topic in Topic]
        kept = {True: {"cleanup.policy": "compact"}, False: {"retention.ms": "-1"}}
        new = [
            NewTopic(name, spec.partitions or PARTITIONS, 1, config=kept[spec.retention_days is None])
            for name, spec in specs
        ]
        for created in admin.create_topics(new, operation_timeout=DEADLINE_S).values():
            created.result(DEADLINE_S)
        self._publisher = EventPublisher(self.kafka)

    def close(self) -> None:
        """Close the publisher and drop the databases."""
        self._publisher.close()
        drop_databases(self.clickhouse, self.named("").database)

    def database(self, name: str) -> ClickHouseConnection:
        """A database of this deployment, migrated."""
        connection = self.named(name)
        migrate(connection)
        return connection

    def named(self, name: str) -> ClickHouseConnection:
        """A database of this deployment, not migrated."""
        return replace(self.clickhouse, database=f"{self.kafka.topic_prefix.rstrip('.')}_{name}")

    @contextmanager
    def worker(self, *, code: Path | None = None, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        """`hailong worker`; `code` is a folder whose packages replace ours."""
        chosen = {"HAILONG_WORKER_IDLE_ADVANCE_S": "1", "HAILONG_WORKER_FETCH_WAIT_MS": "50", **settings}
        with self._process("worker", code, chosen) as process:
            yield process

    @contextmanager
    def sink(
        self, database: ClickHouseConnection, *, code: Path | None = None, **settings: str
    ) -> Iterator[subprocess.Popen[bytes]]:
        """`hailong sink` into a database, with a group of the database's name."""
        chosen = {
            **self.database_settings(database),
            "HAILONG_SINK_FLUSH_INTERVAL_S": "0.1",
            "HAILONG_SINK_COMMIT_INTERVAL_S": "0.2",
            **settings,
        }
        with self._process("sink", code, chosen) as process:
            yield process

    @contextmanager
    def webhook(self, url: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        """`hailong webhook`."""
        chosen = {"HAILONG_WEBHOOK_URL": url, "HAILONG_WEBHOOK_GROUP": f"{self.kafka.topic_prefix}hook", **settings}
        with self._process("webhook", None, chosen) as process:
            yield process

    def run(self, *arguments: str, code: Path | None = None, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run any other command of `hailong` to its end."""
        environment = self._environment(code, settings)
        command = [sys.executable, "-m", "deploy.cli.main", *arguments]
        return subprocess.run(
            command,
            cwd=self.directory,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE_S,
        )

    def migrate_by(self, code: Path, database: ClickHouseConnection) -> None:
        """`hailong migrate`, run by the code of another version."""
        ran = self.run("migrate", code=code, **self.database_settings(database))
        assert ran.returncode == 0, ran.stderr

    def publish(self, records: Iterable[Sent]) -> None:
        """Send records in order and wait until Kafka has them."""
        for one in records:
            self._publisher.publish_encoded(one.topic, one.key, one.value, one.at)
        self._publisher.flush()

    def records(self, topic: Topic, kind: type[R]) -> list[R]:
        """All records of a topic now, in log order within each partition."""
        name = topic.value.name(self.kafka.topic_prefix)
        found: list[R] = []
        ended: set[int | None] = set()
        settings = {**self.kafka.consumer_config(f"{name}.test"), "enable.partition.eof": True, "fetch.wait.max.ms": 10}
        consumer = Consumer(settings)
        partitions = consumer.list_topics(name, timeout=DEADLINE_S).topics[name].partitions
        consumer.assign([TopicPartition(name, partition, 0) for partition in partitions])
        reader = RecordReader(topic, kind)
        while len(ended) < len(partitions):
            for message in consumer.consume(5000, timeout=0.05):
                if message.error() is not None:
                    ended.add(message.partition())
                    continue
                batch = RawBatch(topic, 0, [0], [0], [message.key()], [message.value()])
                found += [record for _index, record in reader.read(batch).accepted]
        consumer.close()
        return found

    def wait_for_truth(self, oracle: Oracle, *databases: ClickHouseConnection) -> None:
        """Until databases hold what the oracle says, and an audit finds them whole."""
        for database in databases:
            self.wait_until(partial(self._compare, database, oracle), f"{database.database} equals the oracle")
            report = audit(self.kafka, database, settle_s=5)
            assert report.clean, f"{database.database}: {report}"

    @staticmethod
    def _compare(database: ClickHouseConnection, oracle: Oracle) -> None:
        compare(read_database(database), oracle)

    def wait_until(self, check: Callable[[], object], what: str) -> None:
        """Until a check raises no AssertionError; fails with the last one, or as soon as a process ends."""

        def ended() -> list[Path]:
            return [log for log, process in self._running.items() if process.poll() is not None]

        def check_unless_ended() -> None:
            if not ended():
                check()

        try:
            eventually_passes(check_unless_ended, what)
        except Overdue as overdue:
            logs = "\n".join(f"{log.name}: {log.read_text()[-1500:]}" for log in self._running)
            raise Overdue(f"{overdue}\n{logs}") from None
        for log in ended():
            raise AssertionError(f"{log.name} ended:\n{log.read_text()[-3000:]}")

    @contextmanager
    def _process(self, name: str, code: Path | None, settings: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
        log = self.directory / f"{name}-{len(list(self.directory.glob('*.log')))}.log"
        command = [sys.executable, "-m", "deploy.cli.main", name]
        with log.open("ab") as output:
            process = subprocess.Popen(
                command, cwd=self.directory, env=self._environment(code, settings), stdout=output, stderr=output
            )
        self._running[log] = process
        try:
            yield process
        finally:
            del self._running[log]
            process.kill()
            process.wait()

    def _environment(self, code: Path | None, settings: dict[str, str]) -> dict[str, str]:
        return {**os.environ, **({} if code is None else {"PYTHONPATH": str(code)}), **self.environment(**settings)}

    def environment(self, **settings: str) -> dict[str, str]:
        """Variables of every process of this deployment, and others."""
        return {
            "HAILONG_KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "HAILONG_KAFKA_TOPIC_PREFIX": self.kafka.topic_prefix,
            "HAILONG_KAFKA_SESSION_TIMEOUT_MS": str(self.kafka.session_timeout_ms),
            "HAILONG_WORKER_GROUP_PREFIX": self.kafka.topic_prefix,
            "HAILONG_HTTP_PORT": "0",
            **self.settings,
            **settings,
        }

    @staticmethod
    def database_settings(database: ClickHouseConnection) -> dict[str, str]:
        """The variables of processes that read or fill a database."""
        return {
            "HAILONG_CLICKHOUSE_HOST": database.host,
            "HAILONG_CLICKHOUSE_PORT": str(database.port),
            "HAILONG_CLICKHOUSE_USER": database.user,
            "HAILONG_CLICKHOUSE_PASSWORD": database.password,
            "HAILONG_CLICKHOUSE_DATABASE": database.database,
            "HAILONG_SINK_GROUP": f"{database.database}.sink",
        }
