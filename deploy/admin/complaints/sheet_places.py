"""Where in Kafka the revisions of a sheet are; ClickHouse alone knows that without reading the whole topic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.kafka.records_at import Place
from schemas.keys import declaration_key
from schemas.records.complaints import Complaint
from sinks.clickhouse.client import session
from sinks.clickhouse.connection import ClickHouseConnection


@dataclass(frozen=True, slots=True)
class RevisionPlace:
    """The record of one revision."""

    revision: int
    log: str  # cluster id and topic id
    place: Place


def places_of(clickhouse: ClickHouseConnection, complaint: Complaint) -> Sequence[RevisionPlace]:
    """The place of every stored revision of a complaint's sheet, the newest first.

    Only origins are asked for: whoever handles cases needs no right on scores and enterprises of other sheets.

    Raises:
        SystemFault: A right or a table is missing.
        Unavailable: ClickHouse does not answer.
        OutcomeUnknown: The connection broke before the answer.
    """
    with session(clickhouse) as client:
        rows = client.execute(
            "SELECT revision, log_epoch, log_partition, log_offset FROM rating FINAL "
            "WHERE declaration = %(declaration)s AND sheet_id = %(sheet)s ORDER BY revision DESC",
            {"declaration": int(declaration_key(complaint.declaration_no)), "sheet": complaint.sheet_id},
        )
        # If two logs claimed one number, it is that of the one that claimed it first.
        logs = client.execute(
            "SELECT epoch, topic_identity FROM log_epoch WHERE topic = 'rating' "
            "ORDER BY claimed_at, claim LIMIT 1 BY epoch"
        )
    names = dict(logs)
    return [
        RevisionPlace(revision, names.get(epoch, ""), (partition, offset))
        for revision, epoch, partition, offset in rows
    ]
