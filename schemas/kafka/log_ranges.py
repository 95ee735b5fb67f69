"""What partitions hold: their range of offsets, and whether there is a record at or after an offset."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping

from confluent_kafka import Consumer, KafkaException, TopicPartition

from schemas.errors import Unavailable
from schemas.kafka.client_errors import LEADER_NOT_KNOWN, PARTITION_END
from schemas.kafka.topic_reader import Partition, end_offsets

_PAUSE_S = 0.1

OffsetRange = tuple[int, int]
"""First offset and the offset after the last."""


def reported_ranges(
    consumer: Consumer, partitions: Collection[Partition], timeout_s: float
) -> Mapping[Partition, OffsetRange]:
    """The ranges that the broker reports; an end may be too low, see `end_offsets`.

    Raises:
        Unavailable: Kafka does not answer.
    """
    deadline = time.monotonic() + timeout_s
    return {one: _reported_range(consumer, one, timeout_s, deadline) for one in partitions}


def _reported_range(consumer: Consumer, partition: Partition, timeout_s: float, deadline: float) -> OffsetRange:
    while True:
        try:
            bounds = consumer.get_watermark_offsets(TopicPartition(*partition), timeout=timeout_s, cached=False)
        except KafkaException as exception:
            error = exception.args[0]
            if error.code() not in LEADER_NOT_KNOWN or time.monotonic() > deadline:
                name, number = partition
                raise Unavailable(
                    f"Kafka does not tell which offsets {name}[{number}] holds ({error.name()})"
                ) from None
            time.sleep(_PAUSE_S)
        else:
            assert bounds is not None  # with cached=False it raises instead
            return bounds


def log_ranges(
    consumer: Consumer, partitions: Collection[Partition], timeout_s: float
) -> Mapping[Partition, OffsetRange]:
    """The true ranges of partitions.

    Args:
        consumer: From `open_reader`; it is assigned other partitions meanwhile.
        partitions: Which partitions.
        timeout_s: How long Kafka may take for one answer.

    Raises:
        Unavailable: Kafka does not answer.
    """
    reported = reported_ranges(consumer, partitions, timeout_s)
    last = {one: high - 1 for one, (low, high) in reported.items() if high > low}
    ends = end_offsets(consumer, last, timeout_s) if last else {}
    return {one: (low, ends.get(one, low)) for one, (low, _high) in reported.items()}


def first_records(consumer: Consumer, starts: Mapping[Partition, int], timeout_s: float) -> Mapping[Partition, int]:
    """The offset of the first record at or after an offset; partitions without one are left out.

    Offsets need not hold a record: compaction leaves gaps, and so do transactions (markers, and whatever was aborted).

    Args:
        consumer: From `open_reader`; it is assigned other partitions meanwhile.
        starts: Where to look, by partition.
        timeout_s: How long Kafka may be silent.

    Raises:
        Unavailable: Kafka does not answer.
    """
    found: dict[Partition, int] = {}
    unfinished = set(starts)
    if not unfinished:
        return found
    consumer.assign([TopicPartition(name, number, offset) for (name, number), offset in starts.items()])
    try:
        while unfinished and (message := consumer.poll(timeout_s)) is not None:
            error, name, number, offset = message.error(), message.topic(), message.partition(), message.offset()
            if name is None or number is None or offset is None or (name, number) not in unfinished:
                continue
            if error is None:
                found[name, number] = offset
            elif error.code() != PARTITION_END:
                raise Unavailable(f"Kafka does not give the records of {name}[{number}] ({error.name()})")
            unfinished.discard((name, number))
            consumer.incremental_unassign([TopicPartition(name, number)])  # its other records are not wanted
    finally:
        consumer.unassign()
    if unfinished:
        raise Unavailable("Kafka does not give the records of all partitions")
    return found
