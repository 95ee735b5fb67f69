"""`hailong complaint show` where something is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from confluent_kafka import Producer
from support.cases import COMPLAINT, OPENED, case_context, complaint
from support.command import hailong
from support.events import at, value_of
from support.polling import DEADLINE_S

from deploy.admin.complaints.topic_records import read_records
from deploy.admin.topics import ensure_topics
from processors.domain.cases.replay import replay_case
from schemas.codec.record import pinned_only
from schemas.kafka.connection import KafkaConnection
from schemas.keys import key_of
from schemas.records.complaints import LowItem
from schemas.topics import Topic

pytestmark = pytest.mark.servers

READ = ("--comment", "--by", "o-head", "--unit", "03CC")


@pytest.fixture
def settings(kafka: KafkaConnection) -> dict[str, str]:
    """A Kafka with one case, and no ClickHouse."""
    ensure_topics(kafka, partitions=1, replication_factor=1)
    opened = complaint(at(OPENED), low_items=(LowItem("OFFICIAL", "o-rated", 1, "LATE_DECISION"),))
    case = replay_case(opened, (), case_context(), at(OPENED)).case
    assert case is not None
    producer = Producer(dict(kafka.producer_config()))
    for topic, record in ((Topic.COMPLAINT, opened), (Topic.COMPLAINT_CASE, case)):
        producer.produce(kafka.topic_name(topic), key=key_of(record), value=value_of(record, topic))
    assert producer.flush(DEADLINE_S) == 0
    return {
        "HAILONG_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "HAILONG_KAFKA_TOPIC_PREFIX": kafka.topic_prefix,
    }


def test_a_case_is_shown_without_its_sheet(settings: dict[str, str], tmp_path: Path) -> None:
    """Kafka alone has the case and its low scores; what is missing is said in their place."""
    shown = hailong("complaint", "show", COMPLAINT[:8], cwd=tmp_path, **settings)
    assert shown.returncode == 0, shown.stderr
    assert "The sheet cannot be shown: HAILONG_CLICKHOUSE_HOST is not set" in shown.stdout
    assert "official o-rated at 03CC" in shown.stdout
    assert "Time limits" in shown.stdout
    (line,) = hailong("complaint", "show", COMPLAINT[:8], "--json", cwd=tmp_path, **settings).stdout.splitlines()
    found = json.loads(line)
    assert (found["complaint_id"], found["sheet"]) == (COMPLAINT, None)
    assert found["low_items"][0]["reason_name"] == "Quyết định thông quan chậm"


def test_a_comment_that_cannot_be_read_is_asked_for_in_vain(
    kafka: KafkaConnection, settings: dict[str, str], tmp_path: Path
) -> None:
    """The command ends before anything is shown or recorded; so it does for whoever names no unit."""
    refused = hailong("complaint", "show", COMPLAINT[:8], *READ, cwd=tmp_path, **settings)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "HAILONG_CLICKHOUSE_HOST is not set" in refused.stderr
    unnamed = hailong("complaint", "show", COMPLAINT[:8], *READ[:3], cwd=tmp_path, **settings)
    assert (unnamed.returncode, unnamed.stdout) == (2, "")
    assert "--unit with the unit you act for" in unnamed.stderr
    assert list(read_records(kafka, Topic.COMPLAINT_ACTION, pinned_only)) == []
