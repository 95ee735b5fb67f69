"""The topic catalogue: names, keys, partitions, retention.

Topics that are joined have equal partition counts and the same key, written by the same partitioner
(`murmur2_random`); a worker checks this when it starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

DAY_MS = 86_400_000

CASE_DAYS = 1830
"""Retention of what people did about complaints and alerts, from which cases and verdicts are rebuilt: five years, our
choice (unverified)."""


INPUT_DAYS = 800
"""Retention of statuses, ratings and facts: 26 months, our choice. Stages know what the log holds: as long as the
statuses of a declaration are kept, its sheets can be matched and edited. What comes of an edit needs earlier facts."""


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """One topic of the contract.

    Attributes:
        subject: Name of the schema and stem of the topic's name.
        key: What the key consists of, for people.
        version: Suffix of the name; a change that breaks readers makes a new topic.
        partitions: Number of partitions; None: the deployment decides (`HAILONG_KAFKA_PARTITIONS`).
        retention_days: Least time for which records are kept; None for a compacted topic.
        stored: Whether the sink loads it into ClickHouse.
        erased_within_days: For a compacted topic: the longest time until a replaced or deleted record is gone; None:
            whenever the broker compacts.
    """

    subject: str
    key: str
    version: int = 1
    partitions: int | None = None
    retention_days: int | None = 90
    stored: bool = True
    erased_within_days: int | None = None

    def name(self, prefix: str) -> str:
        """The topic's name under a deployment's prefix, e.g. `hailong.rating.v1`."""
        return f"{prefix}{self.subject}.v{self.version}"

    @property
    def config(self) -> dict[str, str]:
        """Topic settings for its creation."""
        if self.retention_days is not None:
            return {"cleanup.policy": "delete", "retention.ms": str(self.retention_days * DAY_MS)}
        if self.erased_within_days is None:
            return {"cleanup.policy": "compact"}
        # The active segment is never compacted, so segments must be closed in time as well.
        half = str(self.erased_within_days * DAY_MS // 2)
        return {"cleanup.policy": "compact", "max.compaction.lag.ms": half, "segment.ms": half}


class Topic(Enum):
    """Every topic of hailong."""

    DECLARATION_STATUS = TopicSpec("declaration-status", "declaration_no[:11]", retention_days=INPUT_DAYS)
    RATING = TopicSpec("rating", "declaration_no[:11]", retention_days=INPUT_DAYS)
    RATED_SERVICE = TopicSpec("rated-service", "office", retention_days=INPUT_DAYS)
    SATISFACTION = TopicSpec("satisfaction", "target|office|target_id|window_end", retention_days=None)
    OFFICE_COUNT = TopicSpec("office-count", "office|pane_start", partitions=1, retention_days=None)
    COMPLAINT = TopicSpec("complaint", "complaint_id", retention_days=None)
    COMPLAINT_ACTION = TopicSpec("complaint-action", "complaint_id", retention_days=CASE_DAYS)
    COMPLAINT_CASE = TopicSpec("complaint-case", "complaint_id", retention_days=None)
    COMPLAINT_EVENT = TopicSpec("complaint-event", "complaint_id", retention_days=CASE_DAYS)
    COMPLAINT_ANSWER = TopicSpec("complaint-answer", "declaration_no[:11]", retention_days=400)
    CONTACT_KEY = TopicSpec(
        "contact-key", "key_id", partitions=1, retention_days=None, stored=False, erased_within_days=14
    )
    ALERT = TopicSpec("alert", "alert_id", partitions=1, retention_days=None)
    ALERT_ACTION = TopicSpec("alert-action", "alert_id", partitions=1, retention_days=CASE_DAYS)
    DEAD_LETTER = TopicSpec("dead-letter", "key of the refused record")
    DEAD_LETTER_ACTION = TopicSpec("dead-letter-action", "dead_letter_id", partitions=1, retention_days=400)

    @property
    def subject(self) -> str:
        """Name of the schema of its values."""
        return self.value.subject

    @staticmethod
    def of_subject(subject: str) -> Topic:
        """The topic that carries a subject.

        Raises:
            KeyError: No topic carries it.
        """
        return _BY_SUBJECT[subject]


STORED = tuple(topic for topic in Topic if topic.value.stored)
"""Topics that the sink loads. Not `contact-key`: keys that open contacts must not be where analysts read."""

_BY_SUBJECT = {topic.subject: topic for topic in Topic}

CO_PARTITIONED = (
    (Topic.DECLARATION_STATUS, Topic.RATING),
    (Topic.COMPLAINT, Topic.COMPLAINT_ACTION, Topic.COMPLAINT_EVENT),
)
"""Groups of topics that are joined partition by partition."""
