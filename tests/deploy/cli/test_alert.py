"""`hailong alert`: a person sees alerts and says what became of them, with Kafka alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka import Producer
from support.alert_delivery import alert
from support.command import hailong
from support.events import value_of
from support.polling import DEADLINE_S

from deploy.admin.topics import ensure_topics
from schemas.kafka.connection import KafkaConnection
from schemas.keys import key_of
from schemas.topics import Topic

pytestmark = pytest.mark.servers

OPEN = replace(alert(), alert_id="7b1c0000-0000-5000-8000-000000000001")
ENDED = replace(OPEN, alert_id="99a00000-0000-5000-8000-000000000002", state="CLEARED", cleared_at=OPEN.raised_at + 1)


@pytest.fixture
def settings(kafka: KafkaConnection) -> dict[str, str]:
    """A Kafka with an open alert and one that ended, and no ClickHouse."""
    ensure_topics(kafka, partitions=1, replication_factor=1)
    producer = Producer(dict(kafka.producer_config()))
    for record in (OPEN, ENDED):
        producer.produce(kafka.topic_name(Topic.ALERT), key=key_of(record), value=value_of(record, Topic.ALERT))
    assert producer.flush(DEADLINE_S) == 0
    return {
        "HAILONG_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "HAILONG_KAFKA_TOPIC_PREFIX": kafka.topic_prefix,
        "HAILONG_ALERT_BY": "o-2210",
    }


def test_an_alert_is_acknowledged_assigned_and_judged(settings: dict[str, str], tmp_path: Path) -> None:
    """Each step is recorded under its official; the later verdict stands, whenever it was entered."""

    def run(*words: str) -> str:
        done = hailong("alert", *words, cwd=tmp_path, **settings)
        assert done.returncode == 0, done.stderr
        assert "no such setting" not in done.stderr
        return done.stdout

    run("acknowledge", "7b1c", "--at", "2026-09-08T10:00:00+07:00")
    run("assign", "7b1c", "--to", "o-2231", "--at", "2026-09-08T10:30:00+07:00")
    assert "assigned to o-2231" in run("list")
    run("verdict", "7b1c", "REAL", "--text", "Hai công chức nghỉ ốm.", "--at", "2026-09-08T12:00:00+07:00")
    run("verdict", "7b1c", "FALSE", "--at", "2026-09-08T11:00:00+07:00", "--by", "o-2231")
    page = run("show", "7b1c")
    assert "2026-09-08 10:30  ASSIGNED to o-2231 by o-2210" in page
    assert "REAL by o-2210: Hai công chức nghỉ ốm." in page
    found = json.loads(run("list", "--json"))
    assert (found["alert_id"], found["assignee"], found["verdict"]) == (OPEN.alert_id, "o-2231", "REAL")
    assert [action["action"] for action in found["actions"]] == ["ACKNOWLEDGED", "ASSIGNED", "FALSE", "REAL"]
    unjudged = [json.loads(line)["alert_id"] for line in run("list", "--unjudged", "--json").splitlines()]
    assert unjudged == [ENDED.alert_id]


def test_what_breaks_a_rule_is_not_recorded(settings: dict[str, str], tmp_path: Path) -> None:
    """A name instead of an id, an explanation without words, an alert that is not there: told, and nothing is sent."""
    for words, said in (
        (("verdict", "7b1c", "REAL", "--by", "Nguyễn Văn A"), "actor"),
        (("verdict", "7b1c", "EXPLAINED"), "must say what explains the alert"),
        (("acknowledge", "ffff"), "No alert has an id that begins with ffff"),
        (("acknowledge", "7b1c", "--at", "yesterday"), "--at must be a time"),
    ):
        done = hailong("alert", *words, cwd=tmp_path, **settings)
        assert done.returncode != 0
        assert said in done.stderr
    assert "Nothing yet." in hailong("alert", "show", "7b1c", cwd=tmp_path, **settings).stdout
