"""What the audit needs to know about the table of each topic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.topics import Topic


@dataclass(frozen=True, slots=True)
class Audited:
    """One table.

    Attributes:
        table: The table whose rows give the positions.
        identity: Hash of the natural id; the same expression as in the materialized view that feeds `log_position`.
        record: What one Kafka record may give one row of, besides its offset.
        natural: What must not have two ids; None where the id itself is the natural key.
    """

    table: str
    identity: str
    record: str = ""
    natural: str | None = None


AUDITED: Mapping[Topic, Audited] = {
    Topic.DECLARATION_STATUS: Audited("declaration_status", "sipHash64(declaration, event_id)"),
    Topic.RATING: Audited("rating", "sipHash64(declaration, sheet_id, revision)"),
    Topic.RATED_SERVICE: Audited(
        "rated_service", "sipHash64(office, target, target_id, fact_id)"
    ),  # the natural key of facts is checked against the rating items
    Topic.SATISFACTION: Audited("satisfaction", "sipHash64(target, office, target_id, window_end)", "window_seconds"),
    Topic.OFFICE_COUNT: Audited("office_count", "sipHash64(office, pane_start)"),
    Topic.COMPLAINT: Audited("complaint", "sipHash64(office, complaint_id)", natural="declaration, sheet_id, office"),
    Topic.COMPLAINT_ACTION: Audited("complaint_action", "sipHash64(complaint_id, action_id)"),
    Topic.COMPLAINT_CASE: Audited("complaint_case", "sipHash64(office, complaint_id)", natural="complaint_id"),
    Topic.COMPLAINT_EVENT: Audited("complaint_event", "sipHash64(complaint_id, event_id)"),
    Topic.COMPLAINT_ANSWER: Audited("complaint_answer", "sipHash64(complaint_id, answer_id)"),
    # No natural key beside the id: a retracted alert may have been raised at the same instant as the one that stands.
    Topic.ALERT: Audited("alert", "sipHash64(office, alert_id)"),
    Topic.DEAD_LETTER: Audited(
        "dead_letter", "sipHash64(dead_letter_id)", natural="source_identity, source_partition, source_offset"
    ),
    Topic.DEAD_LETTER_ACTION: Audited(
        "dead_letter_action", "sipHash64(dead_letter_id, action_id)", natural="dead_letter_id, action"
    ),
}
"""Every topic's table."""
