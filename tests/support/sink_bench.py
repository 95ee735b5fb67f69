"""A sink under test: topics and a database of its own, and sinks as threads or processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.local.supervisor.child import bound_command
from schemas.contacts.sealing import Contact, SealingKeys, seal
from schemas.kafka.connection import KafkaConnection
from schemas.topics import Topic
from sinks.clickhouse.client import connect
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.loader.options import SinkOptions
from sinks.clickhouse.loader.run import run_sink
from sinks.clickhouse.migrate import migrate
from sinks.runtime.health import SinkMonitor
from support.clickhouse_server import ROOT, ClickHouseServer, drop_databases
from support.events import kafka_key, value_of
from support.polling import DEADLINE_S, eventually
from support.threads import beside

PROGRAM = Path(__file__).with_name("sink_program.py")
_KEYS = SealingKeys.parse(SealingKeys.generate())


def raw(topic: Topic, *records: Any) -> list[tuple[bytes | None, bytes | None]]:
    """Keys and values of records, as in Kafka."""

    def key(one: Any) -> bytes | None:
        if topic is Topic.DEAD_LETTER:
            return None
        return kafka_key(topic, one)

    return [(key(one), value_of(one, topic)) for one in records]


def sealed(sheet_id: str, name: str = "Nguyễn Văn Canary", phone: str = "0912345678") -> bytes:
    """A sealed contact."""
    return seal(Contact(name, phone), sheet_id, _KEYS)


_NOT_YET = {
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError._TIMED_OUT,
    KafkaError._TRANSPORT,
}


@lru_cache(maxsize=4)
def _admin(kafka: KafkaConnection) -> AdminClient:
    # It outlives brokers that tests stop, and would log that every second.
    return AdminClient({**kafka.client_config(), "log_level": 0})


@dataclass
class SinkBench:
    """Topics under a prefix and a database of their own.

    Attributes:
        kafka: Connection to the broker.
        clickhouse: Connection to the server.
        server: The server itself.
        options: Of the sinks that run here.
    """

    kafka: KafkaConnection
    clickhouse: ClickHouseConnection
    server: ClickHouseServer
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

    def send(self, topic: Topic, *records: Any, partition: int = 0, written_at: int | None = None) -> None:
        """Produce records of the contract."""
        self.produce(topic, raw(topic, *records), partition, written_at)

    def produce(
        self,
        topic: Topic,
        records: Sequence[tuple[bytes | None, bytes | None]],
        partition: int = 0,
        written_at: int | None = None,
    ) -> None:
        """Produce raw keys and values; `written_at` is their Kafka timestamp, None for now."""
        producer = Producer(dict(self.kafka.producer_config()))
        for key, value in records:
            producer.produce(
                topic.value.name(self.kafka.topic_prefix),
                key=key,
                value=value,
                partition=partition,
                timestamp=written_at or 0,
            )
            producer.poll(0)
        assert producer.flush(DEADLINE_S) == 0

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
        """Admin client of the broker."""
        return _admin(self.kafka)

    def committed(self, topic: Topic = Topic.DECLARATION_STATUS) -> int:
        """How many records of a topic the group has committed; -1 while a broker that comes back does not know."""
        name = topic.value.name(self.kafka.topic_prefix)
        # A new client each time: an old one may go on asking a broker that was there before.
        consumer = Consumer({**self.kafka.consumer_config(self.options.group), "log_level": 0})
        try:
            found = consumer.committed([TopicPartition(name, number) for number in range(2)], timeout=DEADLINE_S)
        except KafkaException as exception:
            if exception.args[0].code() not in _NOT_YET:
                raise
            return -1
        finally:
            consumer.close()
        return sum(max(one.offset, 0) for one in found)

    @contextmanager
    def sink(self, **changed: Any) -> Iterator[SinkMonitor]:
        """A sink in a thread, for as long as the block lasts; its error is raised at the end."""
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


def new_sink_bench(server: ClickHouseServer, address: str, *, migrated: bool = True) -> SinkBench:
    """Fresh topics and a fresh database; not `migrated` for sinks that use none."""
    name = uuid4().hex[:8]
    kafka = KafkaConnection(address, topic_prefix=f"t{name}.", session_timeout_ms=6_000)
    bench = SinkBench(kafka, server.connection(f"t{name}"), server)
    bench.options = replace(bench.options, group=f"t{name}.sink")
    if migrated:
        migrate(bench.clickhouse)
    bench.create_topics()
    return bench


class SinkProcess:
    """A sink in a process of its own.

    Args:
        bench: What it reads and fills.
        directory: For its log.
        name: Of the log.
        settings: More settings of librdkafka.
        options: Differing options.
    """

    def __init__(
        self, bench: SinkBench, directory: Path, name: str, settings: Mapping[str, Any], **options: Any
    ) -> None:
        server = asdict(bench.clickhouse)
        server.pop("ca_file")
        kafka = {name: value for name, value in asdict(bench.kafka).items() if not name.startswith("ssl")}
        chosen = asdict(replace(bench.options, **options))
        chosen.pop("dead_letter_limit")
        given = {"kafka": kafka, "clickhouse": server, "options": chosen, "settings": settings}
        self._log = directory / f"{name}.log"
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                bound_command([sys.executable, str(PROGRAM), json.dumps(given)]), cwd=ROOT, stdout=log, stderr=log
            )

    @property
    def log(self) -> str:
        """All that it has logged."""
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
