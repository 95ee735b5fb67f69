"""How a sink reads its topics."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.topics import Topic


@dataclass(frozen=True, slots=True)
class Reading:
    """How a sink reads.

    Attributes:
        topics: The topics.
        group: Consumer group that commits.
        own_partitions: How many partitions of each topic this process reads for itself, sharing them with nobody;
            None: the members of the group share the partitions.
        settings: Further settings of librdkafka.
        commit_interval_s: Seconds between commits; 0 commits after each delivery.
        connect_timeout_s: Seconds that Kafka may take to tell committed offsets.
        retry_s: Seconds before the next attempt to begin with new partitions.
        revoke_timeout_s: Seconds that a rebalance waits for deliveries under way.
        shutdown_timeout_s: Seconds that a stop waits for the delivery of what was read.
        identity_check_s: Seconds between checks whether topics were deleted and created again.
    """

    topics: Collection[Topic]
    group: str
    own_partitions: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    commit_interval_s: float = 0.0
    connect_timeout_s: float = 10.0
    retry_s: float = 1.0
    revoke_timeout_s: float = 10.0
    shutdown_timeout_s: float = 8.0
    identity_check_s: float = 30.0
