"""What the fetcher keeps of an answer of the broker: nothing, once its batches were handed on."""

from __future__ import annotations

import asyncio
import gc
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import PartitionRecords
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from support.polling import DEADLINE_S

from processors.transport.fetcher import PackedConsumer

pytestmark = pytest.mark.servers


async def _read(broker: str, name: str, count: int) -> list[Any]:
    """Read records one answer at a time; what of aiokafka's is alive afterwards, without Python's collector."""
    consumer = PackedConsumer(batch_records=10, bootstrap_servers=broker, group_id=None, enable_auto_commit=False)
    await consumer.start()
    try:
        place = TopicPartition(name, 0)
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        async with asyncio.timeout(DEADLINE_S):
            read = 0
            while read < count:
                read += sum(batch.count for some in (await consumer.getmany(timeout_ms=100)).values() for batch in some)
        return [one for one in gc.get_objects() if isinstance(one, PartitionRecords)]
    finally:
        await consumer.stop()


def test_an_answer_goes_with_its_last_batch(broker: str) -> None:
    """Aiokafka's iterator over an answer refers to itself; it must not wait for Python's collector with megabytes."""
    name = f"t{uuid4().hex[:8]}"
    admin = AdminClient({"bootstrap.servers": broker})
    admin.create_topics([NewTopic(name, 1, 1)])[name].result(DEADLINE_S)
    producer = Producer({"bootstrap.servers": broker, "linger.ms": 0})
    for number in range(30):
        producer.produce(name, str(number).encode() * 100)
        producer.flush()
    gc.collect()
    gc.disable()
    try:
        assert asyncio.run(_read(broker, name, 30)) == []
    finally:
        gc.enable()
