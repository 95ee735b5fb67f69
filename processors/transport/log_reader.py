"""Reading a stretch of a partition's log from a thread, without a consumer group."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth, server_list
from yarl import URL

from processors.transport.credentials import credentials
from processors.transport.fetched_batch import Fetched, gathered
from processors.transport.fetcher import PackedConsumer
from schemas.errors import Unavailable
from schemas.kafka.connection import KafkaConnection

_log = structlog.get_logger(__name__)

_BATCH_RECORDS = 20_000
_FETCH_BYTES = 4 * 1024 * 1024
_SILENCE_S = 60.0
_END_AFTER_S = 15.0
"""A new leader does not know at once how far its log goes: who believes it too early leaves records out for good."""
_PATIENCE_MS = 200


def read_log(
    connection: KafkaConnection, topic: str, partition: int, start: int, bound: int
) -> Iterator[Fetched | None]:
    """What is in the log from offset `start` on, or from its beginning where that is later.

    Stops when `bound` is reached or the log ends. The last piece may go beyond the bound: a batch is not cut.

    Args:
        connection: The cluster.
        topic: Full name of the topic.
        partition: Partition number.
        start: First offset wanted.
        bound: Offset to stop at.

    Yields:
        A piece of the log, in offset order; or None when nothing came for a moment, so that the caller can give up.

    Raises:
        Unavailable: Kafka does not send what it has.
    """
    if start >= bound:
        return
    with asyncio.Runner() as runner:  # runs only while we wait: what is read meanwhile is what the sockets hold
        consumer = runner.run(_opened(connection))
        try:
            yield from _pieces(runner, consumer, TopicPartition(topic, partition), start, bound)
        except KafkaError as error:
            raise Unavailable(f"cannot read {topic}[{partition}] again ({type(error).__name__})") from error
        finally:
            runner.run(consumer.stop())


def _pieces(
    runner: asyncio.Runner, consumer: Any, tp: TopicPartition, start: int, bound: int
) -> Iterator[Fetched | None]:
    position = max(start, runner.run(_beginning(consumer, tp)))
    runner.run(_sought(consumer, tp, position))
    heard = time.monotonic()
    while position < bound:
        try:
            found = runner.run(consumer.getmany(tp, timeout_ms=_PATIENCE_MS)).get(tp, ())
        except OffsetOutOfRangeError:
            beginning = runner.run(_beginning(consumer, tp))
            if position >= beginning:
                return  # the log is shorter than it was
            position = beginning  # retention was quicker than we are
            runner.run(_sought(consumer, tp, position))
            continue
        yield from gathered(found)
        position = runner.run(consumer.position(tp))
        now = time.monotonic()
        if found:
            heard = now
            continue
        silent = now - heard
        end = consumer.highwater(tp)
        if silent > _END_AFTER_S and end is not None and position >= end:
            _log.warning("log_ends_early", topic=tp.topic, partition=tp.partition, end=end, committed=bound)
            return
        if silent > _SILENCE_S:
            raise Unavailable(f"{tp.topic}[{tp.partition}] sent nothing for {_SILENCE_S:g} s below offset {bound}")
        yield None


async def _beginning(consumer: Any, tp: TopicPartition) -> int:
    offsets = await consumer.beginning_offsets([tp])
    return int(offsets[tp])


async def _sought(consumer: Any, tp: TopicPartition, position: int) -> None:
    consumer.assign([tp])
    consumer.seek(tp, position)


async def _opened(connection: KafkaConnection) -> PackedConsumer:
    servers = [URL(f"kafka://{server.strip()}") for server in connection.bootstrap_servers.split(",")]
    consumer = PackedConsumer(
        batch_records=_BATCH_RECORDS,
        bootstrap_servers=server_list(servers, 9092),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        max_partition_fetch_bytes=_FETCH_BYTES,
        **credentials_to_aiokafka_auth(credentials(connection)),
    )
    try:
        await consumer.start()
    except KafkaError as error:
        await consumer.stop()
        raise Unavailable(f"Kafka does not answer ({type(error).__name__})") from error
    return consumer
