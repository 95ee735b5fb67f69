"""A complaint from the low score to the answer and back, by real workers, sink and command line."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import Any

import pytest
from support.cases import complaint
from support.clickhouse import rows
from support.events import at, item, rating, status, value_of
from support.pipeline import Pipeline, Sent
from support.polling import DEADLINE_S
from typer.testing import CliRunner

from deploy.cli.main import app
from processors.domain.cases.replay import replay_case
from processors.stages.reference_policies import reference_policies
from producers.sdk import EventPublisher
from schemas.contacts.sealing import Contact, SealingKeys
from schemas.keys import complaint_key
from schemas.records.cases import ComplaintAnswer, ComplaintEvent
from schemas.records.events import Rating
from schemas.topics import Topic
from sinks.audit.run import audit

pytestmark = pytest.mark.servers

KEYS = SealingKeys.generate()
ENTERPRISE = "0200100100"
NAME, PHONE = "Nguyễn Thị Bí Mật", "0912345678"
TIMED = ("REMINDER", "OVERDUE", "ESCALATED")


def low_rating() -> Rating:
    """A sheet of today with one star for official o-rated, and a text."""
    items = (item("OFFICIAL", "o-rated", 1), item("OFFICE", "03CC", 3))
    now = time.time_ns() // 1_000_000 - 60_000
    return rating("sheet-1", 1, now, *items, tax_code=ENTERPRISE, comment="waited for hours")


def test_a_low_score_is_handled_answered_rated_and_reopened(pipeline: Pipeline) -> None:
    """By the command line alone: every step says what became of it, and ClickHouse, topics and contact agree."""
    database = pipeline.database("cases")

    settings = {
        "HAILONG_KAFKA_BOOTSTRAP_SERVERS": pipeline.kafka.bootstrap_servers,
        "HAILONG_KAFKA_TOPIC_PREFIX": pipeline.kafka.topic_prefix,
        "HAILONG_SEALING_KEYS": KEYS,
    }

    def command(*arguments: str, fails: bool = False) -> str:
        ran = CliRunner().invoke(app, ["complaint", *arguments], env=settings)
        assert (ran.exit_code == 1) is fails, ran.output
        return ran.output

    def listed() -> list[dict[str, Any]]:
        return [json.loads(line) for line in command("list", "--json").splitlines()]

    def opened() -> None:
        assert len(listed()) == 1

    with pipeline.worker(HAILONG_WORKER_GRACE_S="0"), pipeline.sink(database):
        with EventPublisher(pipeline.kafka, sealing_keys=SealingKeys.parse(KEYS)) as publisher:
            sheet = low_rating()
            registered = status("e1", "REGISTERED", sheet.submitted_at - 60_000, tax_code=ENTERPRISE)
            publisher.publish_status(registered).result(DEADLINE_S)
            publisher.publish_rating(sheet, contact=Contact(NAME, PHONE)).result(DEADLINE_S)
        pipeline.wait_until(opened, "an open case")
        (case,) = listed()
        assert (case["priority_reasons"], case["excluded_officials"]) == (["SCORE_1_WITH_TEXT"], ["o-rated"])
        one = case["complaint_id"][:8]
        assert "RATED_OFFICIAL" in command("verify", one, "--by", "o-rated", fails=True)
        assert "VERIFYING" in command("verify", one, "--by", "o-head")
        resolved = ("--finding", "UPHELD", "--text", "it is true", "--measures", "one more counter")
        assert "RESOLVED" in command("resolve", one, "--by", "o-head", *resolved)
        assert "ANSWERED" in command("answer", one, "--by", "o-head", "--text", "we have opened one more counter")
        assert "REOPENED" in command("rate", one, "2", "--enterprise", ENTERPRISE)
        assert NAME in command("reveal", one, "--by", "o-head", "--reason", "call back")
        assert "done" in command("hold", one, "--by", "o-head")
        erase = ("erase", one, "--yes", "--by", "o-head", "--reason", "asked for")
        assert "LEGAL_HOLD" in command(*erase, fails=True)
        assert "done" in command("release-hold", one, "--by", "o-head")
        assert "1 key destroyed" in command(*erase)
        assert "ERASED" in command("reveal", one, "--by", "o-head", "--reason", "again", fails=True)
        shown = command("show", one)
        assert "REFUSED VERIFY" in shown
        assert NAME not in shown
        assert PHONE not in shown

        def stored() -> None:
            assert [row["case_state"] for row in rows(database, "SELECT case_state FROM v_cases")] == ["REOPENED"]
            reveals = "SELECT actor FROM v_case_events WHERE action = 'REVEAL' AND event_kind = 'ACCEPTED'"
            accessed = rows(database, reveals)
            assert [row["actor"] for row in accessed] == ["o-head"]

        pipeline.wait_until(stored, "the case is stored")
        report = audit(pipeline.kafka, database, settle_s=5)
        assert report.clean, report
    (answer,) = pipeline.records(Topic.COMPLAINT_ANSWER, ComplaintAnswer)
    assert (answer.finding, answer.measures) == ("UPHELD", "one more counter")
    assert "o-head" not in str(answer)
    tables = ("complaint", "complaint_case", "complaint_event", "complaint_action", "complaint_answer")
    everything = str([rows(database, f"SELECT * FROM {table}") for table in tables])
    assert not any(secret in everything for secret in (NAME, PHONE, "waited for hours", "call back", "it is true"))


@pytest.mark.long
def test_timers_fire_once_through_kills(pipeline: Pipeline) -> None:
    """Three hundred complaints long overdue, the worker killed while their timers fire: each event is there once."""
    start, context, now = at("2026-06-01 09:00"), reference_policies().cases, time.time_ns() // 1_000_000
    expected: set[str] = set()

    def publish_overdue(numbers: range) -> None:
        for number in numbers:
            identity = f"{number:08x}-0000-5000-8000-000000000000"
            one = complaint(start + number * 60_000, complaint_id=identity, excluded_officials=())
            pipeline.publish([Sent(Topic.COMPLAINT, complaint_key(identity), value_of(one, Topic.COMPLAINT))])
            events = replay_case(one, (), context, now).events
            expected.update(event.event_id for event in events if event.kind in TIMED)

    def said() -> list[str]:
        events = pipeline.records(Topic.COMPLAINT_EVENT, ComplaintEvent)
        return [event.event_id for event in events if event.kind in TIMED]

    def some() -> None:
        assert said()

    def all_of_them() -> None:
        assert expected <= set(said())

    publish_overdue(range(300))
    with pipeline.worker(HAILONG_WORKER_STAGES="complaints"):
        pipeline.wait_until(some, "the first events")  # the process is killed as the block ends
    with pipeline.worker(HAILONG_WORKER_STAGES="complaints", HAILONG_WORKER_IDLE_ADVANCE_S="0.05"):
        for first in (300, 320):  # when later complaints are through, the worker has looked at the time again
            pipeline.wait_until(all_of_them, "all events")
            publish_overdue(range(first, first + 20))
        pipeline.wait_until(all_of_them, "the events of the last complaints")
    assert [event for event, count in Counter(said()).items() if count > 1] == []
    assert set(said()) == expected
