"""How a sink reads its topics."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.topics import Topic


@dataclass(frozen=True, slots=True)
class Reading:
    """How a sink reads."""

    topics: Collection[Topic]
    group: str  # consumer group that commits
    # How many partitions of each topic this process reads for itself; None: the members of the group share them.
    own_partitions: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)  # further settings of librdkafka
    commit_interval_s: float = 0.0  # seconds between commits; 0 commits after each delivery
    connect_timeout_s: float = 10.0  # seconds that Kafka may take to tell committed offsets
    retry_s: float = 1.0  # seconds before the next attempt to begin with new partitions
    revoke_timeout_s: float = 10.0  # seconds that a rebalance waits for deliveries under way
    shutdown_timeout_s: float = 8.0  # seconds that a stop waits for the delivery of what was read
    identity_check_s: float = 30.0  # seconds between checks whether topics were deleted and created again
