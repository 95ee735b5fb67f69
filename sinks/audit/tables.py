"""What the audit needs to know about the table of each topic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.topics import Topic


@dataclass(frozen=True, slots=True)
class AuditedTable:
    """One table."""

    table: str  # the table whose rows `log_position` was filled from
    identity: str  # hash of the natural id; the same expression as in the materialized view that feeds `log_position`
    record: str = ""  # column of which one Kafka record may fill several rows; empty if it fills one row
    natural: str | None = None  # natural key that must not have two ids; None if the id itself is the natural key


AUDITED: Mapping[Topic, AuditedTable] = {
    Topic.DECLARATION_STATUS: AuditedTable("declaration_status", "sipHash64(declaration, event_id)"),
    Topic.RATING: AuditedTable("rating", "sipHash64(declaration, sheet_id, revision)"),
    Topic.RATED_SERVICE: AuditedTable(
        "rated_service", "sipHash64(office, target, target_id, fact_id)"
    ),  # the natural key of facts is checked against the rating items
    Topic.SATISFACTION: AuditedTable(
        "satisfaction", "sipHash64(target, office, target_id, window_end)", "window_seconds"
    ),
    Topic.OFFICE_COUNT: AuditedTable("office_count", "sipHash64(office, pane_start)"),
    Topic.COMPLAINT: AuditedTable(
        "complaint", "sipHash64(office, complaint_id)", natural="declaration, sheet_id, office"
    ),
    Topic.COMPLAINT_ACTION: AuditedTable("complaint_action", "sipHash64(complaint_id, action_id)"),
    Topic.COMPLAINT_CASE: AuditedTable("complaint_case", "sipHash64(office, complaint_id)", natural="complaint_id"),
    Topic.COMPLAINT_EVENT: AuditedTable("complaint_event", "sipHash64(complaint_id, event_id)"),
    Topic.COMPLAINT_ANSWER: AuditedTable("complaint_answer", "sipHash64(complaint_id, answer_id)"),
    # No natural key beside the id: a retracted alert and a valid one may have been raised at the same instant.
    Topic.ALERT: AuditedTable("alert", "sipHash64(office, alert_id)"),
    Topic.ALERT_ACTION: AuditedTable("alert_action", "sipHash64(alert_id, action_id)"),
    Topic.DEAD_LETTER: AuditedTable(
        "dead_letter", "sipHash64(dead_letter_id)", natural="source_identity, source_partition, source_offset"
    ),
    Topic.DEAD_LETTER_ACTION: AuditedTable(
        "dead_letter_action", "sipHash64(dead_letter_id, action_id)", natural="dead_letter_id, action"
    ),
}
"""Every topic's table."""

COMPARED = (
    "log_epoch",
    "log_position",
    "retention_limit",
    "rating_item",
    *(audited.table for audited in AUDITED.values()),
)
"""All tables that an audit reads."""
