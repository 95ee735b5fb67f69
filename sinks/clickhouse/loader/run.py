"""Running the loader."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import structlog

from schemas.codec import WriterSchemas, pinned_only
from schemas.connection import KafkaConnection
from schemas.errors import OutcomeUnknown, SystemFault, Unavailable
from schemas.topics import Topic
from sinks.clickhouse.client import session
from sinks.clickhouse.loader.epochs import Log, identify
from sinks.clickhouse.loader.monitor import SinkMonitor
from sinks.clickhouse.loader.options import SinkOptions
from sinks.clickhouse.loader.rows import readers
from sinks.clickhouse.loader.session import Session
from sinks.clickhouse.loader.store import Store
from sinks.clickhouse.loader.writer import Writer
from sinks.clickhouse.migrate import applied, shipped
from sinks.connection import ClickHouseConnection
from sinks.dead_letters import DeadLetterOffice
from sinks.topic_identity import TopicsMissing, describe

log = structlog.get_logger(__name__)


def run_sink(
    connection: KafkaConnection,
    clickhouse: ClickHouseConnection,
    options: SinkOptions,
    stop: threading.Event,
    *,
    monitor: SinkMonitor | None = None,
    writer_schemas: WriterSchemas = pinned_only,
) -> None:
    """Load every topic into ClickHouse until told to stop.

    Args:
        connection: Kafka.
        clickhouse: ClickHouse, with all migrations applied.
        options: Sizes and pauses.
        stop: Set to stop; then everything read is stored and committed, within `shutdown_timeout_s`.
        monitor: Is told about progress.
        writer_schemas: Where schemas that are not pinned come from.

    Raises:
        SystemFault: Only an operator can mend it: credentials, missing topics, tables or grants.
        Unavailable: Kafka or ClickHouse does not answer at start. Later, both are waited for.
    """
    monitor = monitor or SinkMonitor(options.stall_after_s)
    try:
        _run(connection, clickhouse, options, stop, monitor, writer_schemas)
    except BaseException:
        monitor.entered("failed")
        raise
    monitor.entered("stopped")
    log.info("sink_stopped", records=monitor.progress.records)


def _run(
    connection: KafkaConnection,
    clickhouse: ClickHouseConnection,
    options: SinkOptions,
    stop: threading.Event,
    monitor: SinkMonitor,
    writer_schemas: WriterSchemas,
) -> None:
    _check_tables(clickhouse, options)
    logs = _Logs(connection, clickhouse, options, stop)
    logs.ask()  # what cannot work is said before the group is joined
    give_up = threading.Event()
    store = Store(clickhouse, options, readers(writer_schemas), give_up)
    writer = Writer(store, DeadLetterOffice(connection, options.connect_timeout_s), options, give_up)
    writer.start()
    log.info("sink_started", group=options.group, database=clickhouse.database)
    try:
        while Session(connection, options, writer, logs.ask_patiently, logs.ask, logs.reached, monitor).run(stop):
            monitor.entered("rebalancing")
    finally:
        give_up.set()
        writer.stop(2.0)


class _Logs:
    """What the topics' logs are called in ClickHouse; what was asked once is remembered."""

    def __init__(
        self, connection: KafkaConnection, clickhouse: ClickHouseConnection, options: SinkOptions, stop: threading.Event
    ) -> None:
        self._connection = connection
        self._clickhouse = clickhouse
        self._options = options
        self._stop = stop
        self._known: dict[str, Log] = {}

    def ask(self) -> Mapping[Topic, Log]:
        """The present log of every topic.

        Raises:
            Unavailable: Kafka or ClickHouse does not answer.
        """
        facts = describe(self._connection, tuple(Topic), self._options.connect_timeout_s)
        strange = {topic: found for topic, found in facts.items() if found.identity not in self._known}
        if strange:
            with session(self._clickhouse, timeout_s=self._options.connect_timeout_s) as client:
                self._known.update({found.identity: found for found in identify(client, strange).values()})
        return {topic: self._known[found.identity] for topic, found in facts.items()}

    def reached(self, present: Log, partition: int) -> int:
        """The offset after the last stored record of a partition; 0 when ClickHouse holds none of it, or is away."""
        query = (
            "SELECT max(offset) + 1 FROM log_position "
            "WHERE topic = %(topic)s AND epoch = %(epoch)s AND partition = %(partition)s HAVING count() > 0"
        )
        names = {"topic": present.topic.subject, "epoch": present.epoch, "partition": partition}
        try:
            with session(self._clickhouse, timeout_s=self._options.connect_timeout_s) as client:
                rows = client.execute(query, names)
        except (Unavailable, OutcomeUnknown):
            return 0  # read from the beginning: slower, never wrong
        return int(rows[0][0]) if rows else 0

    def ask_patiently(self) -> Mapping[Topic, Log]:
        """As `ask`, but waits for servers that do not answer, until the sink must stop."""
        while True:
            try:
                return self.ask()
            except (Unavailable, OutcomeUnknown, TopicsMissing) as error:
                log.warning("logs_unknown", error=str(error))
                if self._stop.wait(self._options.retry_max_s / 10):
                    raise


def _check_tables(clickhouse: ClickHouseConnection, options: SinkOptions) -> None:
    with session(clickhouse, timeout_s=options.connect_timeout_s) as client:
        missing = [migration.name for migration in shipped() if migration.name not in applied(client)]
    if missing:
        raise SystemFault(f"ClickHouse lacks the migrations {', '.join(missing)}: run `hailong migrate`")
