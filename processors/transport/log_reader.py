"""Reading a range of a partition's log from a thread, without a consumer group."""

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
from processors.transport.fetched_batch import FetchedRecords, group_records
from processors.transport.fetcher import PackedConsumer
from schemas.errors import Unavailable
from schemas.kafka.connection import KafkaConnection

_log = structlog.get_logger(__name__)

_BATCH_RECORDS = 20_000
_FETCH_BYTES = 4 * 1024 * 1024
_POLL_MS = 200
_SILENCE_S = 60.0
_END_AFTER_S = 15.0
"""Silence after which a reported end offset below `end` is believed. A new partition leader does not know at once how
far its log goes: if it were believed too early, records would be left out of the view for good."""


def read_log(
    connection: KafkaConnection, topic: str, partition: int, start: int, end: int
) -> Iterator[FetchedRecords | None]:
    """Read the log from offset `start`, or from its beginning where that is later.

    Stops when `end` is reached or the log ends. The last piece may go beyond `end`: a batch is not cut.

    Args:
        connection: The cluster.
        topic: Full name of the topic.
        partition: Partition number.
        start: First offset wanted.
        end: Offset to stop before.

    Yields:
        A piece of the log, in offset order; or None when nothing came for a moment, so that the caller can stop.

    Raises:
        Unavailable: Kafka does not send the records.
    """
    if start >= end:
        return
    with asyncio.Runner() as runner:  # runs only while we wait for records; in between, data waits in the sockets
        consumer = runner.run(_start_consumer(connection))
        try:
            yield from _read_pieces(runner, consumer, TopicPartition(topic, partition), start, end)
        except KafkaError as error:
            raise Unavailable(f"cannot read {topic}[{partition}] again ({type(error).__name__})") from error
        finally:
            runner.run(consumer.stop())


def _read_pieces(
    runner: asyncio.Runner, consumer: Any, tp: TopicPartition, start: int, end: int
) -> Iterator[FetchedRecords | None]:
    position = max(start, runner.run(consumer.beginning_offsets([tp]))[tp])
    runner.run(_seek(consumer, tp, position))
    last_received = time.monotonic()
    while position < end:
        try:
            found = runner.run(consumer.getmany(tp, timeout_ms=_POLL_MS)).get(tp, ())
        except OffsetOutOfRangeError:
            beginning = runner.run(consumer.beginning_offsets([tp]))[tp]
            if position >= beginning:
                return  # the log is shorter than it was
            position = beginning  # retention deleted records before we read them
            runner.run(_seek(consumer, tp, position))
            continue
        yield from group_records(found)
        position = runner.run(consumer.position(tp))
        now = time.monotonic()
        if found:
            last_received = now
            continue
        silent_s = now - last_received
        log_end = consumer.highwater(tp)
        if silent_s > _END_AFTER_S and log_end is not None and position >= log_end:
            _log.warning("log_ends_early", topic=tp.topic, partition=tp.partition, end=log_end, committed=end)
            return
        if silent_s > _SILENCE_S:
            raise Unavailable(f"{tp.topic}[{tp.partition}] sent nothing for {_SILENCE_S:g} s below offset {end}")
        yield None


async def _seek(consumer: Any, tp: TopicPartition, position: int) -> None:
    consumer.assign([tp])
    consumer.seek(tp, position)


async def _start_consumer(connection: KafkaConnection) -> PackedConsumer:
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
