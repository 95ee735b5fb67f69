"""Which records ClickHouse holds, and whether its rows are complete and unique."""

from __future__ import annotations

from collections.abc import Sequence

from clickhouse_driver import Client

from schemas.kafka.log_ranges import OffsetRange
from schemas.topics import Topic
from sinks.audit.tables import AUDITED
from sinks.clickhouse.loader.log_epochs import TopicLog
from sinks.clickhouse.retention.limits import Limits

_BUCKET_ROWS = 4_000_000
"""Sets of ids are compared in parts of this size, so that they fit into the memory of the server."""


class ClickHouseSide:
    """Queries about one topic's rows.

    Args:
        client: Connected to the database.
        log: The topic's current log.
        limits: What retention may have dropped.
    """

    def __init__(self, client: Client, log: TopicLog, limits: Limits) -> None:
        self._client = client
        self._log = log
        self._limits = limits
        self._audited = AUDITED[log.topic]
        self._names = {"topic": log.topic.subject, "epoch": log.epoch, "identity": log.identity}

    def count_accounted(self, partition: int, held: OffsetRange) -> tuple[int, int]:
        """How many offsets of a range are stored, and how many are dead letters instead."""
        rows = self._client.execute(
            f"SELECT countIf(stored), countIf(NOT stored) FROM ({self._offsets()})",  # noqa: S608 - our own names
            self._bounds(partition, held),
        )
        stored, set_aside = rows[0]
        return stored, set_aside

    def gaps(self, partition: int, held: OffsetRange) -> Sequence[OffsetRange]:
        """Runs of offsets of a range that are neither stored nor set aside."""
        rows: list[tuple[int, int]] = self._client.execute(
            "SELECT toInt64(offset) + 1 AS first, following AS end FROM ("  # noqa: S608 - our own names
            " SELECT offset, leadInFrame(offset, 1, toInt64(%(end)s)) OVER"
            "  (ORDER BY offset ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS following"
            f" FROM (SELECT toInt64(offset) AS offset FROM ({self._offsets()})"
            "  UNION ALL SELECT toInt64(%(first)s) - 1)"
            ") WHERE following > offset + 1 ORDER BY first",
            self._bounds(partition, held),
        )
        return rows

    def _offsets(self) -> str:
        return """
            SELECT offset, max(position) AS stored FROM
            (
                SELECT offset, true AS position FROM log_position
                WHERE topic = %(topic)s AND epoch = %(epoch)s AND partition = %(partition)s
                  AND offset >= %(first)s AND offset < %(end)s
                UNION ALL
                SELECT source_offset, false FROM dead_letter
                WHERE source_identity = %(identity)s AND source_partition = %(partition)s
                  AND source_offset >= %(first)s AND source_offset < %(end)s
            )
            GROUP BY offset"""

    def _bounds(self, partition: int, held: OffsetRange) -> dict[str, object]:
        return {**self._names, "partition": partition, "first": held[0], "end": held[1]}

    def count_lost_and_repeated(self) -> tuple[int, int, int]:
        """How many stored offsets have lost their row, by age, or otherwise; how many repeat the id of another offset.

        A row may be gone by age if any offset with its natural id is as old as that: contents of one id may differ in
        age, and which of them was the row is not known any more.
        """
        table, identity = self._audited.table, self._audited.identity
        mine = "topic = %(topic)s AND epoch = %(epoch)s"
        total = self._number(f"SELECT count() FROM log_position WHERE {mine}")  # noqa: S608 - our own names
        buckets = 1 + total // _BUCKET_ROWS
        old = self._limits.old_position(self._log.topic) or "false"
        aged = gone = repeats = 0
        for bucket in range(buckets):
            part = f"{buckets}) = {bucket}"
            positions = f"FROM log_position FINAL WHERE {mine} AND modulo(identity, {part}"
            rows = self._client.execute(
                "SELECT countIf(lost AND aged), countIf(lost AND NOT aged), count() - uniqExact(identity) FROM"  # noqa: S608 - our own names
                " (SELECT identity, identity NOT IN"
                f" (SELECT {identity} AS known FROM {table} WHERE modulo(known, {part}) AS lost,"
                f" identity IN (SELECT identity {positions} AND ({old})) AS aged {positions})",
                self._names,
            )
            aged, gone, repeats = (sum(pair) for pair in zip((aged, gone, repeats), rows[0], strict=True))
        return aged, gone, repeats

    def count_doubled(self) -> int:
        """Rows beyond one for each record (and window), plus ids beyond one for each natural key."""
        audited = self._audited
        origin = ", ".join(filter(None, ("log_partition", "log_offset", audited.record)))
        rows = self._number(f"SELECT count() FROM {audited.table}")  # noqa: S608 - our own names
        buckets = 1 + rows // _BUCKET_ROWS
        found = sum(
            self._number(
                f"SELECT count() - uniqExact({origin}) FROM {audited.table} FINAL"  # noqa: S608 - our own names
                f" WHERE log_epoch = %(epoch)s AND modulo(log_offset, {buckets}) = {bucket}"
            )
            for bucket in range(buckets)
        )
        if audited.natural is not None:
            found += self._number(
                f"SELECT count() - uniqExact({audited.natural}) FROM {audited.table} FINAL"  # noqa: S608 - our own names
            )
        return found

    def count_incomplete(self) -> int:
        """Rows that are missing beside other rows of the same record; what is dropped by age is not looked at."""
        old = self._limits.conditions().get(self._audited.table, "false")
        if self._log.topic is Topic.SATISFACTION:
            return self._number(
                "SELECT sum(5 - windows) FROM (SELECT uniqExact(window_seconds) AS windows FROM satisfaction"  # noqa: S608 - our own names
                f" WHERE NOT ({old}) GROUP BY target, office, target_id, window_end)"
            )
        if self._log.topic is Topic.RATING:
            return self._number(
                "SELECT sum(greatest(0, toInt64(item_count) - toInt64(items))) FROM"  # noqa: S608 - our own names
                " (SELECT declaration, sheet_id, revision, row_version, item_count FROM rating FINAL"
                f" WHERE NOT ({old})) AS sheet"
                " LEFT JOIN (SELECT declaration, sheet_id, revision, row_version, count() AS items"
                "  FROM rating_item FINAL GROUP BY declaration, sheet_id, revision, row_version) AS item"
                " USING (declaration, sheet_id, revision, row_version)"
            )
        return 0

    def _number(self, query: str) -> int:
        return int(self._client.execute(query, self._names)[0][0])
