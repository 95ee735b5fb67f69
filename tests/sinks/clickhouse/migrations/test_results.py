"""Tables and views, the audit and the migrations, on the embedded servers."""

from __future__ import annotations

import dataclasses
import re
import threading
import time
from itertools import pairwise
from typing import Any

import pytest
from support.cases import OPENED, action, complaint
from support.cases import case_context as cases
from support.clickhouse_server import ROOT
from support.events import at, item, rating, status
from support.sink_bench import SinkBench, sealed

from processors.domain.cases.replay import replay_case
from schemas.errors import SystemFault
from schemas.ids import complaint_id, fact_id
from schemas.kafka.topic_metadata import describe_names, describe_topics
from schemas.records.alerts import Alert, Driver, TargetEvidence
from schemas.records.complaints import Complaint, LowItem
from schemas.records.events import Status
from schemas.records.facts import OfficeCount, RatedService, Satisfaction
from schemas.topics import Topic
from sinks.audit.render import render
from sinks.audit.run import audit
from sinks.clickhouse.migrate import migrate

pytestmark = pytest.mark.servers

T = at("2020-05-11 08:00")
OTHER = complaint_id("10300000002", "s-2", "03CC")
CANARIES = ("Canary", "0912345678", "rất chậm")


def fact(sheet: str, target: str, target_id: str, score: int, **fields: Any) -> RatedService:
    """A matched fact of office 03CC."""
    given = dict.fromkeys(one.name for one in dataclasses.fields(RatedService))
    given |= {
        "fact_id": fact_id("10300000001", sheet, target, "03CC", target_id), "version": 65537, "state": "MATCHED",
        "sheet_id": sheet, "revision": 1, "declaration_no": "103000000010", "submitted_at": T,
        "phase": "AFTER_CLEARANCE",
        "target": target, "office": "03CC", "target_id": target_id, "score": score, "score_since": (0, 0, 0, 0, T),
        "target_known": True, "has_comment": False, "has_contact": False, "status_count": 2,
        "standing": "VERIFIED", "counts": True, "content_since": 0, "allegations": (),
        "declaration_office": "03CC", "document_minutes": 90, "goods_minutes": 500, "clearance_minutes": 700,
    }  # fmt: skip
    return RatedService(**{**given, **fields})


@pytest.fixture
def filled(bench: SinkBench) -> Any:
    """A little of everything, loaded."""
    bench.send(
        Topic.DECLARATION_STATUS,
        status("r1", "REGISTERED", T - 9000), status("c1", "CLEARED", T - 5000),
        status("r2", "REGISTERED", T, declaration_no="103000000020"),
        status("c2", "CLEARED", T + 1000, declaration_no="103000000020"),
        status("r3", "REGISTERED", T, declaration_no="103000000030"),
    )  # fmt: skip
    bench.send(
        Topic.RATING,
        rating("s1", 1, T, item(score=1), item("TEAM", "01", 4), contact=sealed("s1"), comment="rất chậm"),
        rating("s1", 2, T + 1000, item(score=2)),
    )
    bench.send(
        Topic.RATED_SERVICE,
        fact("s1", "OFFICE", "03CC", 2),
        fact("s1", "TEAM", "01", 4, state="SUPERSEDED"),
    )
    zero, counts = (0, 0, 0, 0, 0), (1, 0, 0, 0, 9)
    bench.send(Topic.SATISFACTION, Satisfaction("OFFICE", "03CC", "03CC", T, 1, counts, counts, counts, counts, zero))
    bench.send(Topic.OFFICE_COUNT, OfficeCount("03CC", T, 1, 1, 1, ("0200100100",), {"TEAM:01": 1}, {"TEAM:01": 1}, ()))
    low = (LowItem("OFFICE", "03CC", 2, None),)
    bench.send(
        Topic.COMPLAINT,
        Complaint(
            "00000000-0000-5000-8000-000000000001", 1, "s1", "03CC", "103000000010", None, "FEEDBACK", "OPENED", T,
            T + 1, "FIRST_LOOK", T + 2, "RESOLVE", 2, low, ("o-1",), True, True,
        ),
    )  # fmt: skip
    bench.send(
        Topic.ALERT,
        Alert(
            "00000000-0000-5000-8000-000000000002", 1, "03CC", "OPEN", "BURST", T, T, None, T - 86400000, T + 1, 86400,
            20, 5, 5, 0.017, 300.0, 0.34, 0.0001, 0.001, 0.0, (Driver("TEAM:01", 4),),
            (TargetEvidence("TEAM", "01", 5, 4, 0.2, 0.0003, 5.5),), (), "Cảnh báo", "Alert",
        ),
    )  # fmt: skip
    bench.load(13)
    return bench


def test_views_audit_and_privacy(filled: Any) -> None:
    """Views give hand-computed figures; a clean load is clean; planted faults are found; nobody is named."""
    one = filled.rows
    assert one("SELECT level, revision, satisfied FROM v_sheets") == [(2, 2, 0)]
    assert one("SELECT revisions, first_level, last_level FROM v_revised_opinions") == [(2, 1, 2)]
    assert one("SELECT office, level, item_count FROM v_opinions_by_office") == [("03CC", 2, 1)]
    assert one("SELECT declarations, rated_declarations FROM v_response_rate_by_month") == [(3, 1)]
    assert one("SELECT declaration_no FROM v_unrated_declarations WHERE tax_code = '0200100100'") == [("103000000020",)]
    now = "SELECT n, mean, satisfied_share, round(satisfied_low, 4), round(satisfied_high, 4), office_name"
    ((n, mean, satisfied, low, high, name),) = one(f"{now} FROM v_satisfaction_now WHERE window_seconds = 3600")
    assert (n, mean, satisfied, low, high) == (10, 4.6, 0.9, 0.5958, 0.9821)
    assert "Hải quan" in name
    times = "SELECT step, median_minutes, on_time_share FROM v_processing_times WHERE limit_minutes > 0 ORDER BY step"
    assert one(times) == [("DOCUMENT_CHECK", 90, 1.0), ("GOODS_INSPECTION", 500, 0.0)]
    assert one("SELECT resolve_overdue, low_items FROM v_complaints") == [(1, [("OFFICE", "03CC", 2, "")])]
    assert one("SELECT dissatisfied_share, drivers FROM v_alerts") == [(0.25, [("TEAM:01", 4)])]
    (recount,) = re.findall("```sql\n(SELECT a.alert_id.*?)```", (ROOT / "docs" / "alerts.md").read_text(), re.DOTALL)
    assert [row[1:] for row in one(recount)] == [(20, 5, 5, 1, 1, 1)]  # one count in its window, and another evidence
    tested = "SELECT target, target_id, low_scores, scores, expected, tail_probability, cusum FROM v_alert_targets"
    assert one(tested) == [("TEAM", "01", 4, 5, 0.2, 0.0003, 5.5)]
    assert one("SELECT scores FROM office_count") == [({"TEAM:01": 1},)]

    report = audit(filled.kafka, filled.clickhouse)
    assert report.clean, report.to_json()
    assert (report.services.accepted, report.services.matched, report.services.superseded) == (2, 1, 1)
    assert render(report) is not None

    for (table,) in one(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
    ):
        text = str(one(f"SELECT * FROM {table}"))
        assert not [canary for canary in CANARIES if canary in text], table

    one("ALTER TABLE declaration_status DELETE WHERE event_id = 'r3' SETTINGS mutations_sync = 1")
    columns = "declaration_no, status, occurred_at, office, row_version, log_epoch, log_partition, log_offset"
    one(
        f"INSERT INTO declaration_status (event_id, {columns})"
        f" SELECT 'planted', {columns} FROM declaration_status FINAL WHERE event_id = 'r1'"
    )
    one("ALTER TABLE rated_service DELETE WHERE target = 'TEAM' SETTINGS mutations_sync = 1")
    report = audit(filled.kafka, filled.clickhouse)
    found = {topic.topic: (topic.missing, topic.doubled) for topic in report.topics}
    assert found["declaration-status"] == (1, 1)
    assert found["rated-service"] == (1, 0)
    assert report.services.missing == 1


def test_a_clock_that_runs_ahead_ends_nobody_elses_window(bench: SinkBench) -> None:
    """A rating dated 23 hours ahead leaves the last hour of others where it is, and counts when its time has come."""
    present = time.time_ns() // 60_000_000_000 * 60_000
    counts, zero = (0, 0, 0, 0, 7), (0, 0, 0, 0, 0)
    for office, end in (("03CC", present - 20 * 60_000), ("03EE", present + 23 * 3_600_000)):
        bench.send(
            Topic.SATISFACTION, Satisfaction("OFFICE", office, office, end, 1, counts, counts, counts, counts, zero)
        )
    bench.load(2)
    assert bench.rows("SELECT office, n FROM v_satisfaction_now WHERE window_seconds = 3600") == [("03CC", 7)]
    assert bench.rows("SELECT DISTINCT office FROM v_satisfaction_now") == [("03CC",)]


def test_a_block_over_all_months_goes_in(bench: SinkBench) -> None:
    """A backfill's block may span more months than ClickHouse takes by default."""
    counts = (0, 0, 0, 0, 1)
    months = [T - number * 31 * 86_400_000 for number in range(120)]
    sheets = [Satisfaction("OFFICE", "03CC", "03CC", end, 1, counts, counts, counts, counts, counts) for end in months]
    bench.send(Topic.SATISFACTION, *sheets)
    bench.load(120, flush_interval_s=1.0)
    assert bench.count("pane") == 120


def test_a_case_that_ended_without_a_resolution_is_not_overdue(bench: SinkBench) -> None:
    """Withdrawn complaints and merged ones have no limit that passes."""
    bench.send(Topic.COMPLAINT, complaint(at(OPENED)), complaint(at(OPENED), complaint_id=OTHER))
    withdrawn = replay_case(
        complaint(at(OPENED)), (action("WITHDRAW", at("2026-09-07 10:00")),), cases(), at("2026-09-08 09:00")
    )
    assert withdrawn.case is not None
    bench.send(Topic.COMPLAINT_CASE, withdrawn.case)
    bench.load(3)
    overdue = dict(bench.rows("SELECT toString(complaint_id), resolve_overdue FROM v_complaints"))
    assert overdue == {withdrawn.case.complaint_id: 0, OTHER: 1}


def test_response_rate_of_a_period_is_that_of_its_days(bench: SinkBench) -> None:
    """Imports and exports, numbers out of line and registrations moved by a late record: as the slow view says."""
    days = {"101": "2020-04-30", "102": "2020-05-01", "109": "2020-05-12", "105": "2020-05-31", "301": "2020-05-11",
            "302": "2020-06-01", "300": "2020-05-30"}  # fmt: skip
    numbers = {short: f"{short}000000{place:02d}0" for place, short in enumerate(days)}
    bench.send(
        Topic.DECLARATION_STATUS,
        *(status(f"r{short}", "REGISTERED", at(f"{day} 23:30"), declaration_no=numbers[short])
          for short, day in days.items()),
        status("earlier", "REGISTERED", at("2020-04-02 08:00"), declaration_no=numbers["102"]),
    )  # fmt: skip
    rated = ("101", "102", "109", "300", "302")
    later = at("2020-06-02 08:00")
    bench.send(Topic.RATING, *(rating(f"s{one}", 1, later, declaration_no=numbers[one]) for one in rated))
    bench.load(8 + len(rated))
    columns = "SELECT day, declarations, rated_declarations FROM"
    slow = bench.rows(f"{columns} v_response_rate WHERE day >= '2020-05-01' AND day < '2020-06-01' ORDER BY day")
    period = "v_response_rate_between(first = toDate('2020-05-01'), last = toDate('2020-06-01'))"
    assert bench.rows(f"{columns} {period} ORDER BY day") == slow
    assert [(declarations, was_rated) for _day, declarations, was_rated in slow] == [(1, 0), (1, 1), (1, 1), (1, 0)]


def test_of_statuses_of_one_instant_the_last_of_the_list_counts(bench: SinkBench) -> None:
    """Where a declaration stands does not depend on the order of arrival, and facts take the same status."""
    pairs = [pair for one, two in pairwise(Status) for pair in ((one, two), (two, one))]
    numbers = [f"10300{place:06d}0" for place in range(len(pairs))]
    for turn in (0, 1):
        events = zip(numbers, pairs, strict=True)
        sent = (status(f"e{turn}", pair[turn], T, declaration_no=number) for number, pair in events)
        bench.send(Topic.DECLARATION_STATUS, *sent)
        bench.load(len(pairs))
    stands = dict(bench.rows("SELECT declaration_no, status FROM v_declarations"))
    assert stands == {number: max(pair, key=list(Status).index) for number, pair in zip(numbers, pairs, strict=True)}


def test_the_latest_revision_is_the_opinion(bench: SinkBench) -> None:
    """Revisions in any order and sent twice: the highest counts, and the sheets of a declaration are one opinion."""
    bench.send(Topic.RATING, rating("s1", 2, T + 10, item(score=4)), rating("s2", 1, T, item(score=5)))
    bench.load(2)
    bench.send(Topic.RATING, rating("s1", 1, T, item(score=1)), rating("s1", 2, T + 10, item(score=4)))
    bench.load(2)
    opinions = "SELECT sheet_id, revision, level, satisfied, dissatisfied FROM v_sheets ORDER BY sheet_id"
    assert bench.rows(opinions) == [("s1", 2, 4, 1, 0), ("s2", 1, 5, 1, 0)]
    assert bench.rows("SELECT sheet_ids, level FROM v_opinions") == [(["s1", "s2"], 4)]
    revised = "SELECT sheet_ids, revisions, first_level, last_level FROM v_revised_opinions"
    assert bench.rows(revised) == [(["s1", "s2"], 3, 1, 4)]


def test_migrations_are_repeatable_and_guarded(bench: SinkBench) -> None:
    """Two runs at once are harmless, a repeated one does nothing, what was dropped is made, a changed file refused."""
    bench.rows("DROP DATABASE " + bench.clickhouse.database)
    threads = [threading.Thread(target=migrate, args=(bench.clickhouse,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert migrate(bench.clickhouse) == []
    bench.rows("DROP TABLE rating_item SYNC")
    assert migrate(bench.clickhouse) == ["0002_events"]
    assert bench.count("rating_item") == 0
    assert migrate(bench.clickhouse) == []

    bench.rows("INSERT INTO schema_migration (name, checksum, applied_at) SELECT '0001_log', 'other', now() + 9")
    with pytest.raises(SystemFault, match="0001_log"):
        migrate(bench.clickhouse)


def test_sink_and_workers_name_a_log_alike(bench: SinkBench) -> None:
    """Dead letters of one record get one id whoever sets it aside, because both name its log alike."""
    name = bench.kafka.topic_name(Topic.RATING)
    theirs = describe_names(bench.kafka, [name], 10)[name].identity
    assert describe_topics(bench.kafka, [Topic.RATING], 10)[Topic.RATING].identity == theirs
