"""Whether a server can be used."""

from __future__ import annotations

import json
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from clickhouse_driver import Client
from clickhouse_driver.errors import Error as DriverError

from deploy.local.ports import listens
from sinks.clickhouse.connection import ClickHouseConnection

TIMEOUT_S = 2.0


def clickhouse_ready(connection: ClickHouseConnection) -> bool:
    """Whether ClickHouse answers a query with this password."""
    if not listens(connection.host, connection.port):
        return False
    client = Client(
        host=connection.host,
        port=connection.port,
        user=connection.user,
        password=connection.password,
        connect_timeout=TIMEOUT_S,
        send_receive_timeout=TIMEOUT_S,
    )
    try:
        return bool(client.execute("SELECT 1") == [(1,)])
    except (DriverError, OSError, EOFError):
        return False
    finally:
        client.disconnect()


def answers_health(url: str) -> bool:
    """Whether one of our processes says that it is healthy and has begun its work.

    Of a worker one running stage is enough: a stage with fewer partitions than there are workers idles in some of them.
    """
    try:
        with urlopen(f"{url}/health", timeout=TIMEOUT_S) as answer:  # noqa: S310 the URL is built from our own port
            report = json.load(answer)
    except (HTTPError, URLError, OSError, ValueError):
        return False
    stages = report.get("stages")
    return stages is None or any(stage.get("state") == "running" for stage in stages)
