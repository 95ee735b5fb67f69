"""Running the loader."""

from __future__ import annotations

import threading

import structlog

from schemas.codec.record import WriterSchemas, pinned_only
from schemas.dead_letters.earlier_refusals import EarlierRefusals
from schemas.dead_letters.limit import DeadLetterGuard
from schemas.errors import SystemFault
from schemas.kafka.connection import KafkaConnection
from sinks.clickhouse.client import session
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.loader.consumer import Session
from sinks.clickhouse.loader.insert_worker import Writer
from sinks.clickhouse.loader.inserter import Store
from sinks.clickhouse.loader.monitor import SinkMonitor
from sinks.clickhouse.loader.options import SinkOptions
from sinks.clickhouse.loader.topic_logs import Logs
from sinks.clickhouse.mapping.topic_readers import readers
from sinks.clickhouse.migrate import lacking
from sinks.kafka.dead_letter_producer import STAGE, DeadLetterOffice

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
    logs = Logs(connection, clickhouse, options)
    logs.present()  # what cannot work is said before the group is joined
    give_up = threading.Event()
    store = Store(clickhouse, options, readers(writer_schemas), give_up)
    limit = options.dead_letter_limit
    guard = DeadLetterGuard(STAGE, limit, EarlierRefusals(connection, STAGE, limit.window))
    writer = Writer(store, DeadLetterOffice(connection, options.connect_timeout_s), guard, options, give_up)
    writer.start()
    log.info("sink_started", group=options.group, database=clickhouse.database)
    try:
        while Session(connection, options, writer, logs, monitor).run(stop):
            monitor.entered("rebalancing")
    finally:
        give_up.set()
        writer.stop(2.0)


def _check_tables(clickhouse: ClickHouseConnection, options: SinkOptions) -> None:
    with session(clickhouse, timeout_s=options.connect_timeout_s) as client:
        missing = lacking(client)
    if missing:
        raise SystemFault(f"ClickHouse lacks the migrations {', '.join(missing)}: run `hailong migrate`")
