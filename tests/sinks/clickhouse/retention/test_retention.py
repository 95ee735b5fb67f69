"""Retention on a server: old rows go, the audit stays right, and settings can be changed and taken back."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from support.events import at, item, rating, status, unmatched_fact
from support.polling import eventually
from support.sink_bench import SinkBench

from schemas.records.facts import OfficeCount, Satisfaction
from schemas.reference.validity import DAY_MS
from schemas.topics import Topic
from sinks.audit.render import render
from sinks.audit.report import AuditReport
from sinks.audit.run import audit
from sinks.clickhouse.client import session
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.retention.apply import describe
from sinks.clickhouse.retention.limits import OF_DECLARATIONS, OF_MONTHS
from sinks.clickhouse.retention.options import KEEP_ALL, Retention

pytestmark = pytest.mark.servers

LONG_AGO = at("2019-05-11 08:00")
LATELY = int(time.time() * 1000) // DAY_MS * DAY_MS - 20 * DAY_MS
OLD = ("101234567890", "301234567890")  # an import and an export
NEW = ("107654321090", "308765432190")
SHORT = Retention(declarations_days=400, satisfaction_days=100)
EVENTS = 8


@pytest.fixture
def filled(bench: SinkBench) -> SinkBench:
    """Two old declarations and two new ones with statuses, ratings, facts; old and new windows and counts."""
    send_old_events(bench)
    bench.send(Topic.DECLARATION_STATUS, *statuses(NEW, LATELY))
    for numbers, moment in ((OLD, LONG_AGO), (NEW, LATELY)):
        for number in numbers:
            # The second revision of an old sheet is of today: the declaration is old all the same.
            bench.send(Topic.RATING, rating(number, 1, moment, item(score=4), declaration_no=number))
            bench.send(Topic.RATING, rating(number, 2, LATELY, item(score=5), declaration_no=number))
            fact = unmatched_fact(number, number, LATELY)
            bench.send(Topic.RATED_SERVICE, fact, replace(fact, version=fact.version + 1, state="MATCHED"))
    none, one = (0, 0, 0, 0, 0), (0, 0, 0, 0, 1)
    for moment in (LONG_AGO, LATELY):
        for version, counts in ((1, none), (2, one)):
            window = Satisfaction("OFFICE", "03CC", "03CC", moment, version, counts, counts, counts, counts, counts)
            bench.send(Topic.SATISFACTION, window)
        bench.send(Topic.OFFICE_COUNT, OfficeCount("03CC", moment, 1, 1, 0, (), {}, {}, ()))
    bench.load(EVENTS + 16 + 6)
    return bench


def statuses(numbers: tuple[str, ...], moment: int) -> list[Any]:
    """Two statuses of each declaration."""
    return [
        status(f"{name}{number}", name, moment + n, declaration_no=number)
        for number in numbers
        for n, name in enumerate(("REGISTERED", "CLEARED"))
    ]


def send_old_events(bench: SinkBench) -> None:
    """The statuses of the old declarations."""
    bench.send(Topic.DECLARATION_STATUS, *statuses(OLD, LONG_AGO))


def counts(bench: SinkBench) -> dict[str, int]:
    """Rows of each table that can have a limit."""
    return {table: bench.count(table) for table in (*OF_DECLARATIONS, *OF_MONTHS)}


def audited(bench: SinkBench) -> AuditReport:
    """What the audit says."""
    return audit(bench.kafka, bench.clickhouse)


def gone(bench: SinkBench, before: dict[str, int]) -> bool:
    """Whether half of the rows of each table are left."""
    return counts(bench) == {table: rows // 2 for table, rows in before.items()}


def test_old_rows_go_and_nothing_is_missed(filled: SinkBench) -> None:
    """Declarations go as a whole with all versions and copies, windows by month; what Kafka holds still adds up."""
    before = counts(filled)
    assert all(rows % 2 == 0 and rows for rows in before.values()), before
    assert audited(filled).clean

    assert migrate(filled.clickhouse, retention=SHORT) == [
        f"retention of {table}" for table in (*OF_DECLARATIONS, *OF_MONTHS)
    ]
    eventually(lambda: gone(filled, before), "old rows are dropped")
    left = filled.rows("SELECT DISTINCT declaration_no FROM declaration_status ORDER BY 1")
    assert [number for (number,) in left] == list(NEW)
    partitions = "SELECT count() FROM system.parts WHERE database = currentDatabase() AND active AND rows > 0"
    assert filled.rows(f"{partitions} AND table = 'satisfaction' AND partition = '201905'") == [(0,)]

    report = audited(filled)
    assert report.clean, report.to_json()
    assert {one.topic: one.aged for one in report.topics if one.aged} == {
        "declaration-status": 4, "rating": 4, "rated-service": 4, "satisfaction": 2, "office-count": 1,
    }  # fmt: skip
    assert (report.services.accepted, report.services.matched) == (2, 2)
    assert render(report) is not None
    assert migrate(filled.clickhouse, retention=SHORT) == []


@pytest.mark.long
def test_old_rows_that_come_again_go_again(filled: SinkBench) -> None:
    """A replay brings old rows back, and a merge drops them; meanwhile the audit does not stumble over them."""
    before = counts(filled)
    migrate(filled.clickhouse, retention=SHORT)
    eventually(lambda: gone(filled, before), "old rows are dropped")
    send_old_events(filled)
    filled.load(4)
    assert audited(filled).clean
    filled.rows("OPTIMIZE TABLE declaration_status FINAL")
    filled.rows("OPTIMIZE TABLE registration FINAL")
    filled.rows("OPTIMIZE TABLE enterprise_declaration FINAL")
    assert gone(filled, before)
    assert audited(filled).clean


@pytest.mark.long
def test_a_row_that_is_lost_is_still_missed(filled: SinkBench) -> None:
    """The audit excuses what is old, and nothing else."""
    before = counts(filled)
    migrate(filled.clickhouse, retention=SHORT)
    eventually(lambda: gone(filled, before), "old rows are dropped")
    filled.rows(f"ALTER TABLE declaration_status DELETE WHERE declaration_no = '{NEW[0]}' SETTINGS mutations_sync = 1")
    report = audited(filled)
    assert {one.topic: one.missing for one in report.topics if one.missing} == {"declaration-status": 2}


@pytest.mark.long
def test_limits_can_be_moved_and_taken_back(filled: SinkBench) -> None:
    """Each change is applied once and can be seen; without settings nothing more goes, and what went is not missed."""
    migrate(filled.clickhouse, retention=SHORT)
    longer = replace(SHORT, satisfaction_days=200)
    assert migrate(filled.clickhouse, retention=longer) == [f"retention of {table}" for table in OF_MONTHS]
    assert migrate(filled.clickhouse, retention=longer) == []
    with session(filled.clickhouse) as client:
        said = describe(client, longer)
        assert said.startswith(
            "Kept: declarations for 400 days (imports from 10765400000 and exports from 30876500000); "
        )
        assert describe(client, KEEP_ALL) == "Kept: everything, for ever."
    assert len(migrate(filled.clickhouse)) == len(OF_DECLARATIONS) + len(OF_MONTHS)
    assert migrate(filled.clickhouse) == []
    ttl = "SELECT count() FROM system.tables WHERE database = currentDatabase() AND engine_full LIKE '% TTL %'"
    assert filled.rows(ttl) == [(0,)]
    assert audited(filled).clean


@pytest.mark.long
def test_a_number_far_too_low_keeps_more_never_less(filled: SinkBench) -> None:
    """A declaration that was registered lately with an old number keeps all declarations above it."""
    filled.send(Topic.DECLARATION_STATUS, status("x", "REGISTERED", LATELY, declaration_no="100000100000"))
    filled.load(1)
    migrate(filled.clickhouse, retention=Retention(declarations_days=400))
    filled.rows("OPTIMIZE TABLE declaration_status FINAL")
    left = filled.rows("SELECT DISTINCT declaration_no FROM declaration_status ORDER BY 1")
    assert [number for (number,) in left] == ["100000100000", OLD[0], *NEW]
