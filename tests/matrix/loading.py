"""Fills a database through the product's own path: migrations, the loader's reader and inserter, analysts' entries."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from schemas.batches.batch import RawBatch
from schemas.errors import SystemFault
from schemas.kafka.topic_metadata import TopicFacts
from schemas.topics import STORED
from sinks.clickhouse.client import session
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.loader.inserter import BatchInserter
from sinks.clickhouse.loader.log_epochs import identify
from sinks.clickhouse.loader.monitor import LoaderMonitor
from sinks.clickhouse.loader.options import SinkOptions
from sinks.clickhouse.mapping.topic_readers import readers
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.retention.options import Retention

ENTRIES = (
    """
    INSERT INTO score_entry
           (period, period_start, unit_level, unit, criterion, numerator, denominator, source, entered_at)
    VALUES ('MONTH', '2020-05-01', 'NATION', 'VN', '1.1', 190, 200, 'an official letter', '2020-06-01 02:00:00'),
           ('MONTH', '2020-05-01', 'OFFICE', '03EE', '2.1', 9, 10, 'an official letter', '2020-06-01 02:00:00')
    """,
    """
    INSERT INTO score_entry (period, period_start, unit_level, unit, criterion, points, source, entered_at)
    VALUES ('MONTH', '2020-05-01', 'NATION', 'VN', '3.3', 10, 'the portal', '2020-06-01 02:00:00'),
           ('MONTH', '2020-05-01', 'OFFICE', '03EE', '5.5', 99, 'the portal', '2020-06-01 02:00:00')
    """,
)
"""What analysts enter: figures, points, and points above the maximum."""

LONG_DAYS = 40 * 365
"""Longer than there are rows for."""


def load(connection: ClickHouseConnection, batches: Sequence[RawBatch]) -> None:
    """Migrate a database and fill every table of it.

    Raises:
        HailongError: The server refuses a statement or a row, or a second migration changes something.
    """
    migrate(connection)
    with session(connection) as client:
        facts = {topic: TopicFacts(topic.subject, 1, f"cluster/{topic.subject}") for topic in STORED}
        logs = identify(client, facts)
        for statement in ENTRIES:
            client.execute(statement)
    inserter = BatchInserter(connection, SinkOptions(), readers(), LoaderMonitor(), threading.Event())
    try:
        for batch in batches:
            inserter.insert(inserter.prepare([batch], logs[batch.topic].epoch))
    finally:
        inserter.close()
    # A second run finds everything as it should be, but for the time that rows are kept.
    changes = migrate(connection, retention=Retention(declarations_days=LONG_DAYS, satisfaction_days=LONG_DAYS))
    if unexpected := [one for one in changes if not one.startswith("retention of ")]:
        raise SystemFault(f"migrations were applied again: {', '.join(unexpected)}")
