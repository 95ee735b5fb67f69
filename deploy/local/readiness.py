"""Whether a Kafka broker, ClickHouse or one of our own processes is ready."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus

from clickhouse_driver.errors import Error as DriverError
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.local.ports import listens
from schemas.http_client import HttpClient
from sinks.clickhouse.client import connect
from sinks.clickhouse.connection import ClickHouseConnection

BROKER_TIMEOUT_S = 1.0
TIMEOUT_S = 2.0


def broker_answers(address: str, nodes: Sequence[int] = ()) -> bool:
    """Whether a broker answers a metadata request.

    Args:
        address: `host:port`.
        nodes: Numbers of brokers that must be part of its cluster.
    """
    quiet = {"log_level": 0, "socket.connection.setup.timeout.ms": 1000}
    client = AdminClient({"bootstrap.servers": address, **quiet})
    try:
        known = client.list_topics(timeout=BROKER_TIMEOUT_S).brokers
    except KafkaException:
        return False
    return bool(known) and set(nodes) <= set(known)


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
    reply = HttpClient(TIMEOUT_S, use_proxy=False).send("GET", f"{url}/health", max_body_bytes=1 << 20)
    if reply.status != HTTPStatus.OK:
        return False
    stages = json.loads(reply.body).get("stages")
    return stages is None or any(stage.get("state") == "running" for stage in stages)
