"""Readiness checks of ClickHouse and of our own processes."""

from __future__ import annotations

import json
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from clickhouse_driver.errors import Error as DriverError

from deploy.local.ports import listens
from sinks.clickhouse.client import connect
from sinks.clickhouse.connection import ClickHouseConnection

TIMEOUT_S = 2.0


def clickhouse_ready(connection: ClickHouseConnection) -> bool:
    """Whether ClickHouse answers a query with this password."""
    if not listens(connection.host, connection.port):
        return False
    client = connect(connection, database="", timeout_s=TIMEOUT_S, connect_timeout_s=TIMEOUT_S)
    try:
        return bool(client.execute("SELECT 1") == [(1,)])
    except (DriverError, OSError, EOFError):
        return False
    finally:
        client.disconnect()


def answers_health(url: str) -> bool:
    """Whether one of our processes is healthy and has started to work.

    One running stage of a worker is enough: with more workers than partitions, a stage is idle in some of them.
    """
    try:
        with urlopen(f"{url}/health", timeout=TIMEOUT_S) as answer:  # noqa: S310 the URL is built from our own port
            report = json.load(answer)
    except (HTTPError, URLError, OSError, ValueError):
        return False
    stages = report.get("stages")
    return stages is None or any(stage.get("state") == "running" for stage in stages)
