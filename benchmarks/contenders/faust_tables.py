"""Contender `faust`: faust-streaming as in its manual: agents, and a table in memory with a changelog in Kafka.

Usage: PROGRAM BOOTSTRAP PREFIX DIRECTORY
"""

from __future__ import annotations

import sys
from typing import Any

import faust

from benchmarks.contenders.rules import add_rating, add_status, empty
from schemas.topics import Topic

bootstrap, prefix, directory = sys.argv[1:]
app = faust.App(
    f"{prefix}faust",
    broker=f"kafka://{bootstrap}",
    store="memory://",  # the fastest store; the changelog in Kafka survives a crash
    datadir=directory,
    value_serializer="raw",
    key_serializer="raw",
    topic_partitions=4,
    topic_replication_factor=1,
    topic_disable_leader=True,
    web_enabled=False,
    stream_buffer_maxsize=16_384,
    broker_max_poll_records=5_000,
    broker_session_timeout=6.0,
    consumer_group_instance_id="bench",  # a restart within the session timeout gets its partitions at once
    broker_heartbeat_interval=1.0,
    producer_linger=0.005,
    producer_max_batch_size=262_144,
    consumer_auto_offset_reset="earliest",
    processing_guarantee="at_least_once",
)
statuses = app.topic(Topic.DECLARATION_STATUS.value.name(prefix))
ratings = app.topic(Topic.RATING.value.name(prefix))
facts = app.topic(Topic.RATED_SERVICE.value.name(prefix))
known = app.Table("known", default=empty, partitions=4, key_type=bytes)


async def join(stream: Any, add: Any) -> None:
    """Add the records of a topic to the table, and send the facts that change."""
    async for key, value in stream.items():
        known[key], changed = add(known[key], value)
        for fact_key, fact in changed:
            await facts.send(key=fact_key, value=fact)


@app.agent(statuses)
async def on_status(stream: Any) -> None:
    """Join status events."""
    await join(stream, add_status)


@app.agent(ratings)
async def on_rating(stream: Any) -> None:
    """Join rating sheets."""
    await join(stream, add_rating)


if __name__ == "__main__":
    sys.argv = [sys.argv[0], "worker", "--without-web", "-l", "warn"]
    app.main()
