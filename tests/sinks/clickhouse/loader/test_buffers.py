"""What is read and not yet handed over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from confluent_kafka import Message
from hypothesis import given
from hypothesis import strategies as st

from schemas.topics import Topic
from sinks.clickhouse.loader.buffers import InsertBatch, Lease, TopicBuffer

TOPIC = Topic.DECLARATION_STATUS


def messages(partition: int, offsets: Sequence[int]) -> list[Message]:
    """Messages whose key, value and timestamp tell where they were."""
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


def seen(parcel: InsertBatch) -> list[tuple[int, int]]:
    """Partition and offset of every record, after a look at whether each record is whole."""
    found = []
    for batch, lease in zip(parcel.batches, parcel.leases, strict=True):
        assert lease.partition == batch.partition
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
def test_parcels_are_small_and_together_everything(arrivals: list[tuple[int, int]], most: int) -> None:
    """However it came: no parcel is larger than asked for, all but the last are as large, and nothing is lost."""
    buffer = TopicBuffer(TOPIC)
    leases = {partition: Lease(TOPIC, partition) for partition in range(4)}
    ends = dict.fromkeys(leases, 0)
    for partition, count in arrivals:
        buffer.add(leases[partition], messages(partition, range(ends[partition], ends[partition] + count)), 1.0)
        ends[partition] += count
    size, total = buffer.size, buffer.rows
    found: list[Any] = []

    while buffer.rows:
        held = buffer.size
        parcel = buffer.take(most, 2.0)
        assert parcel.records == min(most, total - len(found))
        assert parcel.size == held - buffer.size
        size -= parcel.size
        found += seen(parcel)
        assert buffer.since == 2.0

    assert sorted(found) == sorted((partition, offset) for partition, end in ends.items() for offset in range(end))
    for partition in ends:
        assert [offset for number, offset in found if number == partition] == list(range(ends[partition]))
    assert (size, buffer.size) == (0, 0)


def test_what_is_no_longer_ours_is_in_no_parcel() -> None:
    """The records of a lease that ended are dropped, and no longer counted."""
    buffer = TopicBuffer(TOPIC)
    gone, ours = Lease(TOPIC, 0), Lease(TOPIC, 1)
    buffer.add(gone, messages(0, range(5)), 1.0)
    buffer.add(ours, messages(1, range(7)), 1.0)
    gone.held = False

    parcel = buffer.take(3, 2.0)

    assert seen(parcel) == [(1, 0), (1, 1), (1, 2)]
    assert buffer.rows == 4
