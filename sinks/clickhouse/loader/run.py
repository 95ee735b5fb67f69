"""Running the loader."""

from __future__ import annotations

import threading
from typing import Any

import structlog

from schemas.codec.record import WriterSchemas, pinned_only
from schemas.dead_letters.earlier_refusals import EarlierRefusals
from schemas.dead_letters.limit import DeadLetterGuard
from schemas.errors import SystemFault
from schemas.kafka.connection import KafkaConnection
from schemas.topics import STORED
from sinks.clickhouse.client import session
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.loader.insert_worker import InsertWorker
from sinks.clickhouse.loader.inserter import BatchInserter
from sinks.clickhouse.loader.monitor import LoaderMonitor
from sinks.clickhouse.loader.options import SinkOptions
from sinks.clickhouse.loader.sink import ClickHouseSink
from sinks.clickhouse.loader.topic_logs import TopicLogs
from sinks.clickhouse.mapping.topic_readers import readers
from sinks.clickhouse.migrate import lacking
from sinks.runtime.consumer import run_loop
from sinks.runtime.dead_letter_producer import STAGE, DeadLetterProducer
from sinks.runtime.health import SinkMonitor
from sinks.runtime.reading import Reading

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
        SystemFault: An operator must act: wrong credentials, missing topics, tables or grants.
        Unavailable: Kafka or ClickHouse does not answer at start. Later, both are waited for.
    """
    monitor = monitor or LoaderMonitor(options.stall_after_s)
    try:
        _check_tables(clickhouse, options)
        logs = TopicLogs(connection, clickhouse, options)
        logs.current()  # report what cannot work before the group is joined
        give_up = threading.Event()
        inserter = BatchInserter(clickhouse, options, readers(writer_schemas), monitor, give_up)
        limit = options.dead_letter_limit
        guard = DeadLetterGuard(STAGE, limit, EarlierRefusals(connection, STAGE, limit.window))
        dead_letters = DeadLetterProducer(connection, options.connect_timeout_s)
        worker = InsertWorker(inserter, dead_letters, guard, options, give_up)
    except BaseException:
        monitor.entered_state("failed")
        raise
    log.info("sink_started", group=options.group, database=clickhouse.database)
    run_loop(connection, _reading(options), ClickHouseSink(options, worker, logs, monitor, give_up), monitor, stop)
    log.info("sink_stopped", records=monitor.progress.records)


def _reading(options: SinkOptions) -> Reading:
    # What librdkafka holds before we take it, all partitions together. One answer of each broker comes on top,
    # unpacked at once: by default 50 MB that may become ten times as much.
    settings: dict[str, Any] = {"queued.max.messages.kbytes": 16 * 1024, "fetch.max.bytes": 1024 * 1024}
    if options.group_instance_id is not None:
        settings["group.instance.id"] = options.group_instance_id
    return Reading(
        STORED,
        options.group,
        settings=settings,
        commit_interval_s=options.commit_interval_s,
        connect_timeout_s=options.connect_timeout_s,
        retry_s=options.retry_max_s / 10,
        revoke_timeout_s=options.revoke_timeout_s,
        shutdown_timeout_s=options.shutdown_timeout_s,
        identity_check_s=options.identity_check_s,
    )


def _check_tables(clickhouse: ClickHouseConnection, options: SinkOptions) -> None:
    with session(clickhouse, timeout_s=options.connect_timeout_s) as client:
        missing = lacking(client)
    if missing:
        raise SystemFault(f"ClickHouse lacks the migrations {', '.join(missing)}: run `hailong migrate`")
