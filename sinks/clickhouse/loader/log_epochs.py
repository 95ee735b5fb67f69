"""Numbers Kafka logs: ClickHouse gives each log of a topic its epoch when a sink first meets it.

Claims are rows of `log_epoch`. Two sinks that meet the same log at once may both claim it: the older claim counts for
both. Two *different* logs of one topic that are met at once could claim the same number. So each sink reads its claim
back after a moment, and the later one claims again before it stores anything.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import structlog

from schemas.errors import SystemFault
from schemas.kafka.topic_metadata import TopicFacts
from schemas.topics import Topic
from sinks.clickhouse.cluster.replicas import quorum, synchronize
from sinks.clickhouse.native.column_client import ColumnClient

log = structlog.get_logger(__name__)

MAX_EPOCH = (1 << 15) - 1
"""A record's version takes 48 bits of 64. One of the other 16 stays free, so that versions fit a signed integer too."""

_READ_BACK_S = 0.3
_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class TopicLog:
    """One Kafka log as ClickHouse knows it."""

    topic: Topic
    name: str
    identity: str  # cluster id and topic id
    epoch: int  # its number among the logs of the topic
    # Metadata of every offset that we commit. Other metadata means: committed for another log or database, so ignored.
    claim: str


def known_logs(client: ColumnClient, facts: Mapping[Topic, TopicFacts]) -> Mapping[Topic, TopicLog]:
    """The logs that sinks have met before; nothing is claimed."""
    synchronize(client, "log_epoch")
    found = {topic: _look_up(client, one, topic) for topic, one in facts.items()}
    return {topic: topic_log for topic, topic_log in found.items() if topic_log is not None}


def identify(
    client: ColumnClient, facts: Mapping[Topic, TopicFacts], sleep: Callable[[float], object] = time.sleep
) -> Mapping[Topic, TopicLog]:
    """The logs with their epochs; a log that no sink has met gets the next number of its topic.

    Args:
        client: Connected to the database.
        facts: The topics as the broker describes them.
        sleep: Waits that many seconds.

    Raises:
        SystemFault: There are more logs than numbers, or two deployments keep claiming the same number.
    """
    known: dict[Topic, TopicLog] = {}
    for _attempt in range(_ATTEMPTS):
        synchronize(client, "log_epoch")
        for topic in facts.keys() - known.keys():
            found = _look_up(client, facts[topic], topic)
            if found is not None:
                known[topic] = found
        if len(known) == len(facts):
            return known
        for topic in sorted(facts.keys() - known.keys(), key=lambda one: one.subject):
            _claim(client, topic, facts[topic])
        sleep(_READ_BACK_S)
    raise SystemFault(
        "another deployment keeps claiming logs in this database: give each deployment a database of its own"
    )


def _look_up(client: ColumnClient, facts: TopicFacts, topic: Topic) -> TopicLog | None:
    """The log; None if it was never claimed, or another log claimed its number earlier."""
    claims = _claims(client, topic)
    mine = claims.get(facts.identity)
    if mine is None or any(other.epoch == mine.epoch and other.since < mine.since for other in claims.values()):
        return None
    return TopicLog(topic, facts.name, facts.identity, mine.epoch, str(mine.claim))


@dataclass(frozen=True, slots=True)
class _Claim:
    epoch: int
    claim: UUID
    since: tuple[datetime, str]


def _claims(client: ColumnClient, topic: Topic) -> Mapping[str, _Claim]:
    """The valid claim of each log, by identity: its highest number, and the oldest claim of that number."""
    rows: list[tuple[str, int, UUID, datetime]] = client.execute(
        "SELECT topic_identity, epoch, claim, claimed_at FROM log_epoch WHERE topic = %(topic)s "
        "ORDER BY epoch DESC, claimed_at, claim LIMIT 1 BY topic_identity",
        {"topic": topic.subject},
    )
    return {identity: _Claim(epoch, claim, (claimed_at, str(claim))) for identity, epoch, claim, claimed_at in rows}


def _claim(client: ColumnClient, topic: Topic, facts: TopicFacts) -> None:
    epoch = 1 + max((claim.epoch for claim in _claims(client, topic).values()), default=0)
    if epoch > MAX_EPOCH:
        raise SystemFault(f"topic {facts.name} was created again {MAX_EPOCH} times: use a new database")
    client.execute(
        "INSERT INTO log_epoch (topic, topic_identity, epoch, claim, topic_name, claimed_at) "
        "SELECT %(topic)s, %(identity)s, %(epoch)s, %(claim)s, %(name)s, now64(3, 'UTC')",
        {
            "topic": topic.subject,
            "identity": facts.identity,
            "epoch": epoch,
            "claim": str(uuid4()),
            "name": facts.name,
        },
        settings=dict(quorum(client.cluster)),
    )
    log.info("log_met", topic=facts.name, identity=facts.identity, epoch=epoch)
