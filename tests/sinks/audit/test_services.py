"""Rating items without a fact: which wait for their declaration, and which are missing."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from support.audited_groups import commit
from support.events import at, item, rating, status, unmatched_fact
from support.sink_bench import SinkBench

from schemas.records.facts import RatedService
from schemas.topics import STORED, Topic
from sinks.audit.pipeline_info import PipelineInfo, ReaderGroup
from sinks.audit.render import render
from sinks.audit.report import AuditReport
from sinks.audit.run import Auditor, audit

pytestmark = pytest.mark.servers

T = at("2020-05-11 08:00")
MINUTE = 60_000
HOUR = 60 * MINUTE
GRACE = 5 * MINUTE
KNOWN, UNKNOWN = "103000000010", "103000000020"


def audited(bench: SinkBench) -> AuditReport:
    """An audit that knows the grace period and watches no groups."""
    return audit(bench.kafka, bench.clickhouse, pipeline=PipelineInfo((), GRACE))


def fact(sheet: str, **fields: Any) -> RatedService:
    """The unmatched fact of a sheet."""
    return dataclasses.replace(unmatched_fact(sheet, UNKNOWN, T), **fields)


def test_a_sheet_whose_grace_is_not_over_waits(bench: SinkBench) -> None:
    """It is counted apart and does not count as missing; its two items are of one sheet."""
    sheet = rating("s", 1, T, item(), item("TEAM", "01", 3), declaration_no=UNKNOWN)
    bench.send(Topic.RATING, sheet, written_at=T)
    bench.send(Topic.DECLARATION_STATUS, status("r", "REGISTERED", T - HOUR), written_at=T + GRACE - 1)
    bench.load(2)
    sums = (report := audited(bench)).services
    assert (sums.accepted, sums.waiting, sums.waiting_sheets, sums.missing) == (2, 2, 1, 0)
    assert report.clean
    assert "1 sheets wait for their declaration" in text_of(report)


def test_a_sheet_whose_grace_is_over_is_missing(bench: SinkBench) -> None:
    """A status that was written later in its partition ended its wait: the join ought to have published it."""
    bench.send(Topic.RATING, rating("s", 1, T, declaration_no=UNKNOWN), written_at=T)
    bench.send(Topic.DECLARATION_STATUS, status("r", "REGISTERED", T - HOUR), written_at=T + GRACE)
    bench.load(2)
    report = audited(bench)
    assert (report.services.waiting, report.services.missing, report.clean) == (0, 1, False)


def test_a_status_of_another_partition_ends_no_wait(bench: SinkBench) -> None:
    """The join reads partitions apart."""
    bench.send(Topic.RATING, rating("s", 1, T, declaration_no=UNKNOWN), partition=1, written_at=T)
    bench.send(Topic.DECLARATION_STATUS, status("r", "REGISTERED", T - HOUR), partition=0, written_at=T + GRACE)
    bench.load(2)
    sums = audited(bench).services
    assert (sums.waiting, sums.missing) == (1, 0)


def test_a_sheet_whose_declaration_is_known_does_not_wait(bench: SinkBench) -> None:
    """Without a fact it is missing, if the declaration was known when the latest revision was sent."""
    bench.send(
        Topic.RATING,
        rating("known", 1, T, declaration_no=KNOWN),
        rating("revised", 1, T - 9 * MINUTE, declaration_no=KNOWN),
        rating("revised", 2, T, declaration_no=KNOWN),
        rating("early", 1, T - 2 * MINUTE, declaration_no=KNOWN),
    )
    bench.send(Topic.DECLARATION_STATUS, status("r", "REGISTERED", T - MINUTE))
    bench.load(5)
    sums = audited(bench).services
    assert (sums.accepted, sums.waiting, sums.missing) == (3, 1, 2)


def test_unmatched_facts_whose_declaration_is_gone_are_counted_apart(bench: SinkBench) -> None:
    """Kafka has deleted statuses that old: that is no fault of a producer, so people must be able to tell it."""
    bench.send(Topic.RATING, *(rating(name, 1, T, declaration_no=UNKNOWN) for name in ("gone", "other")))
    bench.send(Topic.RATED_SERVICE, fact("gone", unmatched_reason="GONE"), fact("other", unmatched_reason="NOT_KNOWN"))
    bench.load(4)
    report = audited(bench)
    assert (report.services.unmatched, report.services.gone, report.clean) == (2, 1, True)
    assert "1 of the unmatched are older than what Kafka keeps" in text_of(report)


def test_what_the_join_has_not_read_yet_is_neither_missing_nor_waiting(bench: SinkBench) -> None:
    """In a system in use ClickHouse already holds sheets that arrived while the audit was looking at the groups."""
    bench.send(Topic.RATING, rating("s", 1, T, declaration_no=UNKNOWN))
    bench.send(Topic.RATED_SERVICE, fact("s"))
    bench.load(2)
    groups = (
        ReaderGroup("join", f"{bench.kafka.topic_prefix}join", "hailong worker", (Topic.RATING,)),
        ReaderGroup("sink", bench.options.group, "hailong sink", STORED),
    )
    commit(bench.kafka, groups[0], Topic.RATING, 1)
    with Auditor(bench.kafka, bench.clickhouse, PipelineInfo(groups, GRACE)) as auditor:
        wave = auditor.waves.start()
        assert wave.look() == ()
        bench.send(Topic.RATING, rating("late", 1, T, declaration_no=UNKNOWN))
        bench.load(1)
        report = auditor.compare(wave)
    assert (report.services.accepted, report.services.unmatched, report.services.missing) == (1, 1, 0)
    assert report.clean, report.to_json()


def test_facts_without_an_item_are_doubled(bench: SinkBench) -> None:
    """A fact that no rating explains, and a second fact for one item, are each one too many."""
    bench.send(Topic.RATING, rating("s", 1, T, declaration_no=UNKNOWN))
    second = dataclasses.replace(fact("s"), fact_id="00000000-0000-5000-8000-000000000009")
    bench.send(Topic.RATED_SERVICE, fact("s"), second, fact("of nobody"))
    bench.load(4)
    assert audited(bench).services.doubled == 2


def text_of(report: AuditReport) -> str:
    """What a person reads."""
    from rich.console import Console  # noqa: PLC0415 - only needed here

    console = Console(width=200)
    with console.capture() as said:
        console.print(render(report))
    return said.get()
