"""Rating items against facts: which have one, which still wait for their declaration, and which are missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clickhouse_driver import Client

from sinks.audit.report import ServiceAudit
from sinks.clickhouse.loader.log_epochs import TopicLog
from sinks.clickhouse.retention.limits import Limits

_KEY = "(declaration, sheet_id, target, office, target_id)"


@dataclass(frozen=True, slots=True)
class JoinedLogs:
    """The logs that are compared, and up to where; None: no sink has met the log, or all of it counts.

    Attributes:
        status: The current log of `declaration-status`.
        rating: The current log of `rating`.
        rated_service: The current log of `rated-service`.
        statuses_read: The end of what the join has read of the statuses, by partition.
        ratings_read: Likewise of the ratings.
        facts_stored: The end of the facts that the sink has stored, by partition.
    """

    status: TopicLog | None
    rating: TopicLog | None
    rated_service: TopicLog | None
    statuses_read: Mapping[int, int] | None = None
    ratings_read: Mapping[int, int] | None = None
    facts_stored: Mapping[int, int] | None = None


def compare_services(client: Client, logs: JoinedLogs, grace_ms: int, limits: Limits) -> ServiceAudit:
    """Rating items of the current log compared with the facts of its cluster.

    Args:
        client: Connected to the database.
        logs: Which logs, and up to where.
        grace_ms: How long a sheet waits for its declaration, in Kafka timestamps.
        limits: What retention may have dropped: it is not compared, whether it is still there or not.
    """
    kept = _kept(limits)
    rows = client.execute(
        f"""
        WITH items AS
        (
            SELECT {_KEY} AS item, max({_below(logs.ratings_read)}) AS counts FROM rating_item FINAL
            WHERE log_epoch = %(rating)s AND {kept} GROUP BY item
        ),
        facts AS
        (
            SELECT {_KEY} AS fact, argMax(state, row_version) AS state, argMax(unmatched_reason, row_version) AS reason,
                   countIf({_below(logs.facts_stored)}) AS ids
            FROM rated_service FINAL WHERE {_FACTS} AND {kept} GROUP BY fact
        )
        SELECT countIf(counts), countIf(counts AND state = 'MATCHED'), countIf(counts AND state = 'UNMATCHED'),
               countIf(counts AND state = 'UNMATCHED' AND reason = 'GONE'), countIf(counts AND state = 'SUPERSEDED'),
               countIf(counts AND state = ''),
               sum(if(item_is_there, greatest(toInt64(ids) - 1, 0), toInt64(ids)))
        FROM
        (
            SELECT max(is_item) AS item_is_there, max(its_counts) AS counts,
                   max(its_state) AS state, max(its_reason) AS reason, max(its_ids) AS ids
            FROM
            (
                SELECT item AS one, true AS is_item, counts AS its_counts,
                       '' AS its_state, '' AS its_reason, 0 AS its_ids FROM items
                UNION ALL
                SELECT fact, false, false, state, reason, ids FROM facts
            )
            GROUP BY one
        )
        """,  # noqa: S608 - our own names
        _parameters(logs, grace_ms),
    )
    accepted, matched, unmatched, gone, superseded, lacking, doubled = map(int, rows[0])
    sheets, items = _waiting(client, logs, grace_ms, limits) if lacking else (0, 0)
    return ServiceAudit(
        accepted=accepted,
        matched=matched,
        unmatched=unmatched,
        gone=gone,
        superseded=superseded,
        waiting=items,
        waiting_sheets=sheets,
        missing=lacking - items,
        doubled=doubled,
    )


def _waiting(client: Client, logs: JoinedLogs, grace_ms: int, limits: Limits) -> tuple[int, int]:
    """How many sheets wait for their declaration, and how many items they have.

    A sheet waits if no status of its declaration lies before it, and if no status of its partition was written as late
    as the end of its grace period. Any other sheet without a fact is missing: the join ought to have published it.
    """
    rows = client.execute(
        f"""
        WITH lacking AS
        (
            SELECT declaration, sheet_id, uniqExact(target, office, target_id) AS items FROM rating_item FINAL
            WHERE log_epoch = %(rating)s AND {_below(logs.ratings_read)} AND {_kept(limits)}
              AND {_KEY} NOT IN (SELECT {_KEY} FROM rated_service FINAL WHERE {_FACTS})
            GROUP BY declaration, sheet_id
        ),
        sheets AS
        (
            SELECT declaration AS its_declaration, sheet_id AS its_sheet,
                   argMax(submitted_at, (revision, row_version)) AS submitted, min(written_at) AS written,
                   any(log_partition) AS its_partition
            FROM rating
            WHERE log_epoch = %(rating)s AND (declaration, sheet_id) IN (SELECT declaration, sheet_id FROM lacking)
            GROUP BY declaration, sheet_id
        ),
        known AS
        (
            SELECT declaration AS known_declaration, min(occurred_at) AS since FROM declaration_status FINAL
            WHERE log_epoch = %(status)s AND {_below(logs.statuses_read)}
              AND declaration IN (SELECT declaration FROM lacking)
            GROUP BY declaration
        ),
        newest AS
        (
            SELECT log_partition AS read_partition, max(written_at) AS newest_written
            FROM declaration_status WHERE log_epoch = %(status)s AND {_below(logs.statuses_read)}
            GROUP BY log_partition
        )
        SELECT count(), sum(items)
        FROM lacking
        INNER JOIN sheets ON its_declaration = declaration AND its_sheet = sheet_id
        LEFT JOIN known ON known_declaration = declaration
        LEFT JOIN newest ON read_partition = its_partition
        WHERE (known_declaration = 0 OR since > submitted)
          AND toUnixTimestamp64Milli(written) + %(grace)s > toUnixTimestamp64Milli(newest_written)
        """,  # noqa: S608 - our own names
        _parameters(logs, grace_ms),
    )
    sheets, items = rows[0]
    return int(sheets), int(items)


_FACTS = """log_epoch IN
    (
        SELECT epoch FROM log_epoch
        WHERE topic = 'rated-service' AND splitByChar('/', topic_identity)[1] = %(cluster)s
    )"""
"""Facts of the cluster's logs; the topic may have been created again since."""


def _kept(limits: Limits) -> str:
    """A condition: whether retention keeps the rows of a declaration."""
    old = limits.old_declaration()
    return f"NOT ({old})" if old else "true"


def _below(ends: Mapping[int, int] | None) -> str:
    """A condition: whether a row comes from below the end of its partition."""
    if not ends:
        return "true"
    return f"log_offset < transform(log_partition, {[*ends]}, {[*ends.values()]}, toUInt64(0))"


def _parameters(logs: JoinedLogs, grace_ms: int) -> Mapping[str, object]:
    return {
        "rating": 0 if logs.rating is None else logs.rating.epoch,
        "status": 0 if logs.status is None else logs.status.epoch,
        "cluster": "" if logs.rated_service is None else logs.rated_service.identity.split("/", 1)[0],
        "grace": grace_ms,
    }
