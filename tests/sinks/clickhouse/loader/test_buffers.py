"""Records that were read and not yet handed over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from confluent_kafka import Message
from hypothesis import given
from hypothesis import strategies as st

from schemas.topics import Topic
from sinks.clickhouse.loader.buffers import InsertBatch, TopicBuffer
from sinks.runtime.sink import AssignedPartition

TOPIC = Topic.DECLARATION_STATUS


def messages(partition: int, offsets: Sequence[int]) -> list[Message]:
    """Messages whose key, value and timestamp follow from partition and offset."""
    return [
        Message(
            topic="t",
            partition=partition,
            offset=offset,
            key=b"%d" % partition,
            value=b"%d" % offset,
            timestamp=(1, 1000 + offset),
        )
        for offset in offsets
    ]


def seen(inserted: InsertBatch) -> list[tuple[int, int]]:
    """Partition and offset of every record; checks that each record is complete."""
    found = []
    for batch, partition in zip(inserted.batches, inserted.partitions, strict=True):
        assert partition.partition == batch.partition
        for offset, timestamp, key, value in zip(
            batch.offsets, batch.timestamps, batch.keys, batch.values, strict=True
        ):
            assert (timestamp, key, value) == (1000 + offset, b"%d" % batch.partition, b"%d" % offset)
            found.append((batch.partition, offset))
    return found


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 30)), min_size=1, max_size=8),
    st.integers(1, 40),
)
def test_batches_are_small_and_together_everything(arrivals: list[tuple[int, int]], most: int) -> None:
    """Whatever arrives: each batch but the last has the size asked for, and nothing is lost."""
    buffer = TopicBuffer(TOPIC)
    partitions = {partition: AssignedPartition(TOPIC, partition) for partition in range(4)}
    ends = dict.fromkeys(partitions, 0)
    for partition, count in arrivals:
        arrived = messages(partition, range(ends[partition], ends[partition] + count))
        buffer.add_messages(partitions[partition], arrived, 1.0)
        ends[partition] += count
    size, total = buffer.size, buffer.rows
    found: list[Any] = []

    while buffer.rows:
        held = buffer.size
        taken = buffer.take(most, 2.0)
        assert taken.records == min(most, total - len(found))
        assert taken.size == held - buffer.size
        size -= taken.size
        found += seen(taken)
        assert buffer.since == 2.0

    assert sorted(found) == sorted((partition, offset) for partition, end in ends.items() for offset in range(end))
    for partition in ends:
        assert [offset for number, offset in found if number == partition] == list(range(ends[partition]))
    assert (size, buffer.size) == (0, 0)


def test_records_of_a_released_partition_are_dropped() -> None:
    """They are in no batch, and no longer counted."""
    buffer = TopicBuffer(TOPIC)
    gone, ours = AssignedPartition(TOPIC, 0), AssignedPartition(TOPIC, 1)
    buffer.add_messages(gone, messages(0, range(5)), 1.0)
    buffer.add_messages(ours, messages(1, range(7)), 1.0)
    gone.held = False

    taken = buffer.take(3, 2.0)

    assert seen(taken) == [(1, 0), (1, 1), (1, 2)]
    assert buffer.rows == 4
