"""Runs an audit."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

import structlog

from schemas.kafka.connection import KafkaConnection
from schemas.kafka.log_ranges import OffsetRange
from schemas.kafka.topic_metadata import TopicFacts, describe_topics
from schemas.topics import STORED, Topic
from sinks.audit.clickhouse_side import ClickHouseSide
from sinks.audit.kafka_side import KafkaSide
from sinks.audit.pipeline_info import NOT_WATCHED, PipelineInfo
from sinks.audit.report import AuditReport, ServiceAudit, TopicAudit
from sinks.audit.services import JoinedLogs, compare_services
from sinks.audit.tables import COMPARED
from sinks.audit.wave import Behind, Wave, Waves
from sinks.clickhouse.client import session
from sinks.clickhouse.cluster.replicas import check_engines, synchronize
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.errors import translated
from sinks.clickhouse.loader.log_epochs import TopicLog, known_logs
from sinks.clickhouse.retention.limits import Limits, ever_applied

log = structlog.get_logger(__name__)

_TIMEOUT_S = 15.0
_LOOK_S = 0.5
_LONGEST_SETTLE = 30
"""Live traffic always changes something; after so many times `settle_s` the last comparison is final."""


def audit(
    connection: KafkaConnection,
    clickhouse: ClickHouseConnection,
    settle_s: float = 0.0,
    pipeline: PipelineInfo = NOT_WATCHED,
) -> AuditReport:
    """Compare what Kafka holds now with what ClickHouse holds.

    Records that are written while the audit runs are not counted.

    Args:
        connection: Kafka.
        clickhouse: ClickHouse.
        settle_s: How long to wait for groups that are behind; and while something is missing, compare again until
            nothing has changed for so long. 0 looks once.
        pipeline: The consumer groups that must have read everything before anything can be called missing.

    Raises:
        SystemFault: Topics or tables are missing, or credentials or rights are refused.
        Unavailable: A server does not answer.
    """
    with Auditor(connection, clickhouse, pipeline) as auditor:
        wave, started = auditor.waves.start(), time.monotonic()
        while wave.look() and time.monotonic() - started < settle_s:
            time.sleep(min(_LOOK_S, settle_s))
        report = auditor.compare(wave)
        changed_at = started = time.monotonic()
        while not report.clean and not report.working and time.monotonic() - changed_at < settle_s:
            if time.monotonic() - started > settle_s * _LONGEST_SETTLE:
                break
            time.sleep(min(_LOOK_S, settle_s))
            newer = auditor.compare(wave)
            if newer != report:
                changed_at, report = time.monotonic(), newer
    log.info("audited", missing=report.missing, doubled=report.doubled, behind=len(report.behind))
    return report


class Auditor(ExitStack):
    """Connections to everything that an audit looks at, for several looks.

    Args:
        connection: Kafka.
        clickhouse: ClickHouse.
        pipeline: The consumer groups.

    Attributes:
        pipeline: Likewise.
        waves: Follows records through the consumer groups.
    """

    def __init__(self, connection: KafkaConnection, clickhouse: ClickHouseConnection, pipeline: PipelineInfo) -> None:
        super().__init__()
        self.pipeline = pipeline
        self._clickhouse = clickhouse
        self._facts = describe_topics(connection, STORED, _TIMEOUT_S)
        self.waves = self.enter_context(Waves(connection, pipeline))
        self._kafka = KafkaSide(connection, _TIMEOUT_S)
        self.callback(self._kafka.close)
        self._client = self.enter_context(session(clickhouse, timeout_s=600))
        check_engines(self._client, COMPARED)
        self._limits = Limits()
        self._ranges: Mapping[Topic, Mapping[int, OffsetRange]] = {}

    def compare(self, wave: Wave) -> AuditReport:
        """Let the wave look once more, and compare what has passed all groups, or else what Kafka holds.

        Raises:
            SystemFault: Rights or tables are missing.
            Unavailable: A server does not answer.
            OutcomeUnknown: The connection broke before the answer.
        """
        behind = wave.look(thorough=True)
        with translated(self._clickhouse):
            synchronize(self._client, *COMPARED)
            self._limits = ever_applied(self._client)
            return AuditReport(self._compare_topics(wave, behind), self._compare_services(wave, wave), behind)

    def services(self, wave: Wave, *, ratings_of: Wave) -> ServiceAudit:
        """Compare rating items with the facts.

        Args:
            wave: It has passed all groups.
            ratings_of: Only the ratings of this wave are compared; an earlier one, or the same.

        Raises:
            Unavailable: ClickHouse does not answer.
            OutcomeUnknown: The connection broke before the answer.
        """
        with translated(self._clickhouse):
            synchronize(self._client, *COMPARED)
            self._limits = ever_applied(self._client)
            return self._compare_services(wave, ratings_of)

    def _compare_services(self, wave: Wave, ratings_of: Wave) -> ServiceAudit:
        logs, join = known_logs(self._client, self._facts), self.pipeline.first_reader(Topic.RATING)
        joined = JoinedLogs(
            logs.get(Topic.DECLARATION_STATUS),
            logs.get(Topic.RATING),
            logs.get(Topic.RATED_SERVICE),
            wave.passed_ends(join, Topic.DECLARATION_STATUS),
            ratings_of.passed_ends(join, Topic.RATING),
            wave.passed_ends(self.pipeline.loader, Topic.RATED_SERVICE),
        )
        return compare_services(self._client, joined, self.pipeline.grace_ms, self._limits)

    def written(self) -> Mapping[Topic, int]:
        """How many records were ever written to each topic; grows with each record, but may be too low."""
        return self._kafka.written(self._facts)

    def _compare_topics(self, wave: Wave, behind: Sequence[Behind]) -> Sequence[TopicAudit]:
        self._ranges = self._ranges or self._kafka.ranges(self._facts)
        logs = known_logs(self._client, self._facts)
        compared = []
        for topic in STORED:
            ranges = self._ranges[topic]
            passed = None if behind else wave.passed_ends(self.pipeline.loader, topic)
            if passed is not None:
                ranges = {number: (min(low, passed[number]), passed[number]) for number, (low, _end) in ranges.items()}
            compared.append(self._compare_topic(logs.get(topic), self._facts[topic], ranges, topic))
        return compared

    def _compare_topic(
        self, known: TopicLog | None, facts: TopicFacts, ranges: Mapping[int, OffsetRange], topic: Topic
    ) -> TopicAudit:
        kafka = self._kafka
        if known is None:
            records = sum(
                kafka.count_existing(facts.name, number, [held]) for number, held in ranges.items() if held[0] < held[1]
            )
            return TopicAudit(topic.subject, 0, records, 0, 0, 0, 0, records, 0)
        side = ClickHouseSide(self._client, known, self._limits)
        stored = dead_lettered = unread = 0
        for partition, held in ranges.items():
            here, set_aside = side.count_accounted(partition, held)
            stored, dead_lettered = stored + here, dead_lettered + set_aside
            if here + set_aside < held[1] - held[0]:
                unread += kafka.count_existing(facts.name, partition, side.gaps(partition, held))
        aged, gone, repeats = side.count_lost_and_repeated()
        return TopicAudit(
            topic=topic.subject,
            epoch=known.epoch,
            records=stored + dead_lettered + unread,
            stored=stored - gone,
            aged=aged,
            duplicates=repeats,
            dead_lettered=dead_lettered,
            missing=unread + gone + side.count_incomplete(),
            doubled=side.count_doubled(),
        )
