"""The number that ClickHouse gives to each Kafka log when a sink first meets it.

Claims are rows of `log_epoch`. Two sinks that meet the same log at once may both claim it: the older claim counts, for
both. Two *different* logs of one topic that are met at once could claim the same number; each reads its claim back
after a moment, and the one that came later claims again before it stores anything.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import structlog
from clickhouse_driver import Client

from schemas.errors import SystemFault
from schemas.kafka.topic_metadata import TopicFacts
from schemas.topics import Topic

log = structlog.get_logger(__name__)

MAX_EPOCH = (1 << 15) - 1
"""Above the 48 bits of a record's version there are 16; one stays free, so that versions fit signed readers too."""

_SETTLE_S = 0.3
_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Log:
    """One Kafka log as ClickHouse knows it.

    Attributes:
        topic: The topic.
        name: Its name.
        identity: Cluster id and topic id.
        epoch: Its number.
        claim: Stands in the metadata of every offset that we commit: an offset without it was committed for another log
            or another database, and is not believed.
    """

    topic: Topic
    name: str
    identity: str
    epoch: int
    claim: str


def known_logs(client: Client, facts: Mapping[Topic, TopicFacts]) -> Mapping[Topic, Log]:
    """The logs that were met before; nothing is claimed."""
    found = {topic: _look_up(client, one, topic) for topic, one in facts.items()}
    return {topic: log_ for topic, log_ in found.items() if log_ is not None}


def identify(
    client: Client, facts: Mapping[Topic, TopicFacts], sleep: Callable[[float], object] = time.sleep
) -> Mapping[Topic, Log]:
    """The epochs of logs; those that were never met get the next number of their topic.

    Args:
        client: Connected to the database.
        facts: What the broker says about the topics.
        sleep: Waits that many seconds.

    Raises:
        SystemFault: More logs were met than there are numbers, or two deployments keep claiming the same.
    """
    known: dict[Topic, Log] = {}
    for _attempt in range(_ATTEMPTS):
        for topic in facts.keys() - known.keys():
            found = _look_up(client, facts[topic], topic)
            if found is not None:
                known[topic] = found
        if len(known) == len(facts):
            return known
        for topic in sorted(facts.keys() - known.keys(), key=lambda one: one.subject):
            _claim(client, topic, facts[topic])
        sleep(_SETTLE_S)
    raise SystemFault(
        "another deployment keeps claiming logs in this database: give each deployment a database of its own"
    )


def _look_up(client: Client, facts: TopicFacts, topic: Topic) -> Log | None:
    """The log, unless it was never claimed or another log claimed its number before."""
    claims = _claims(client, topic)
    mine = claims.get(facts.identity)
    if mine is None or any(other.epoch == mine.epoch and other.since < mine.since for other in claims.values()):
        return None
    return Log(topic, facts.name, facts.identity, mine.epoch, str(mine.claim))


@dataclass(frozen=True, slots=True)
class _Claim:
    epoch: int
    claim: UUID
    since: tuple[datetime, str]


def _claims(client: Client, topic: Topic) -> Mapping[str, _Claim]:
    """The claim that counts for each log: the highest number it was given, and the oldest claim of that number."""
    rows: list[tuple[str, int, UUID, datetime]] = client.execute(
        "SELECT topic_identity, epoch, claim, claimed_at FROM log_epoch WHERE topic = %(topic)s "
        "ORDER BY epoch DESC, claimed_at, claim LIMIT 1 BY topic_identity",
        {"topic": topic.subject},
    )
    return {identity: _Claim(epoch, claim, (claimed_at, str(claim))) for identity, epoch, claim, claimed_at in rows}


def _claim(client: Client, topic: Topic, facts: TopicFacts) -> None:
    epoch = 1 + max((claim.epoch for claim in _claims(client, topic).values()), default=0)
    if epoch > MAX_EPOCH:
        raise SystemFault(f"topic {facts.name} was made anew {MAX_EPOCH} times: use a new database")
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
    )
    log.info("log_met", topic=facts.name, identity=facts.identity, epoch=epoch)
