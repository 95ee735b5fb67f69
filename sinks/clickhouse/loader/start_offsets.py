"""Where reading of a partition begins.

A committed offset counts only if its metadata holds the claim of this log in this database (`log_epochs`). Otherwise
the partition is read from its beginning: the topic or the database was created again, or somebody reset the offsets.
Reading again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from schemas.topics import Topic
from sinks.clickhouse.loader.log_epochs import TopicLog
from sinks.clickhouse.loader.topic_logs import StoredOffsets
from sinks.runtime.sink import AssignedPartition


def distrust_foreign_offsets(
    partitions: Sequence[AssignedPartition], logs: Mapping[Topic, TopicLog], stored_offsets: Callable[[], StoredOffsets]
) -> None:
    """Begin at the beginning where the committed offset belongs to another log or database; mark offsets as ours.

    Args:
        partitions: At their committed offsets.
        logs: The current logs.
        stored_offsets: Tells how far ClickHouse holds them; asked only if an offset was committed without metadata.

    Raises:
        Unavailable: ClickHouse did not answer.
        OutcomeUnknown: ClickHouse's answer was lost.
    """
    # A broker that keeps no metadata (Tansu 0.6) returns none; then the rows themselves must confirm the offset.
    bare = any(one.committed is not None and not one.metadata for one in partitions)
    stored = stored_offsets() if bare else {}
    for one in partitions:
        log = logs[one.topic]
        if not _is_ours(one, log, stored):
            one.position = one.done = one.committed = None
        one.metadata = log.claim


def _is_ours(partition: AssignedPartition, log: TopicLog, stored: StoredOffsets) -> bool:
    if partition.committed is None:
        return False
    if partition.metadata:
        return partition.metadata == log.claim
    return stored.get((log.topic.subject, log.epoch, partition.partition), 0) >= partition.committed
