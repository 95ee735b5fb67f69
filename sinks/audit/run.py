"""Runs an audit."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing

import structlog
from clickhouse_driver import Client

from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_metadata import TopicFacts, describe_topics
from schemas.topics import STORED, Topic
from sinks.audit.clickhouse_side import ClickHouseSide, compare_services
from sinks.audit.kafka_side import KafkaSide, Range
from sinks.audit.report import AuditReport, TopicAudit
from sinks.clickhouse.client import session
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.loader.log_epochs import TopicLog, known_logs

log = structlog.get_logger(__name__)

_TIMEOUT_S = 15.0
_LOOK_S = 0.5
_LONGEST_SETTLE = 30
"""Live traffic always changes something; after so many times `settle_s` the last comparison is final."""


def audit(connection: KafkaConnection, clickhouse: ClickHouseConnection, settle_s: float = 0.0) -> AuditReport:
    """Compare what Kafka holds now with what ClickHouse holds.

    Records that are written while the audit runs are not counted.

    Args:
        connection: Kafka.
        clickhouse: ClickHouse.
        settle_s: While something is missing, compare again until nothing has changed for so long; 0 compares once.

    Raises:
        SystemFault: Topics or tables are missing, or credentials are refused.
        Unavailable: A server does not answer.
    """
    facts = describe_topics(connection, STORED, _TIMEOUT_S)
    with closing(KafkaSide(connection, _TIMEOUT_S)) as kafka, session(clickhouse, timeout_s=600) as client:
        ranges = kafka.ranges(facts)
        report = _compare(kafka, client, facts, ranges)
        changed_at = started = time.monotonic()
        while not report.clean and time.monotonic() - changed_at < settle_s:
            if time.monotonic() - started > settle_s * _LONGEST_SETTLE:
                break
            time.sleep(min(_LOOK_S, settle_s))
            newer = _compare(kafka, client, facts, ranges)
            if newer != report:
                changed_at, report = time.monotonic(), newer
    log.info("audited", missing=report.missing, doubled=report.doubled)
    return report


def _compare(
    kafka: KafkaSide,
    client: Client,
    facts: Mapping[Topic, TopicFacts],
    ranges: Mapping[Topic, Mapping[int, Range]],
) -> AuditReport:
    logs = known_logs(client, facts)
    topics = [_compare_topic(kafka, client, logs.get(topic), facts[topic], ranges[topic], topic) for topic in STORED]
    return AuditReport(topics, compare_services(client, logs.get(Topic.RATING), logs.get(Topic.RATED_SERVICE)))


def _compare_topic(
    kafka: KafkaSide,
    client: Client,
    known: TopicLog | None,
    facts: TopicFacts,
    ranges: Mapping[int, Range],
    topic: Topic,
) -> TopicAudit:
    if known is None:
        records = sum(
            kafka.count_existing(facts.name, number, [held]) for number, held in ranges.items() if held[0] < held[1]
        )
        return TopicAudit(topic.subject, 0, records, 0, 0, 0, records, 0)
    side = ClickHouseSide(client, known)
    stored = dead_lettered = unread = 0
    for partition, held in ranges.items():
        here, set_aside = side.count_accounted(partition, held)
        stored, dead_lettered = stored + here, dead_lettered + set_aside
        if here + set_aside < held[1] - held[0]:
            unread += kafka.count_existing(facts.name, partition, side.gaps(partition, held))
    gone, repeats = side.count_lost_and_repeated()
    return TopicAudit(
        topic=topic.subject,
        epoch=known.epoch,
        records=stored + dead_lettered + unread,
        stored=stored - gone,
        duplicates=repeats,
        dead_lettered=dead_lettered,
        missing=unread + gone + side.count_incomplete(),
        doubled=side.count_doubled(),
    )
