"""Files through the real publisher into a real broker: what lies in Kafka afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Message
from support.brokers import on_both_brokers

from producers.files.publish import publish_files
from producers.files.report import Rejection
from producers.sdk import EventPublisher
from schemas.codec.record import decoder
from schemas.contacts.sealing import Contact, SealingKeys, open_key, unseal
from schemas.kafka.connection import KafkaConnection
from schemas.records.events import ContactKey
from schemas.topics import Topic

pytestmark = [pytest.mark.servers, on_both_brokers]
PAGE = (Path(__file__).parents[3] / "docs" / "publishing.md").read_text(encoding="utf-8")
KEYS = SealingKeys("test", {"test": bytes(32)})
Written = Callable[[Topic], list[Message]]

# Source: Apache Kafka, clients/src/test/java/org/apache/kafka/common/utils/UtilsTest.java, testMurmur2.
JAVA_MURMUR2 = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


def test_keys_land_where_java_puts_them(connection: KafkaConnection, written: Written) -> None:
    """The partition of each key is the one that Java's default partitioner computes from its published hash."""
    with EventPublisher(connection) as publisher:
        for key in JAVA_MURMUR2:
            publisher.publish_encoded(Topic.RATING, key, b"value")
    homes = {message.key(): message.partition() for message in written(Topic.RATING)}
    assert homes == {key: (java & 0x7FFFFFFF) % 3 for key, java in JAVA_MURMUR2.items()}


def test_the_files_of_the_documentation_arrive(connection: KafkaConnection, written: Written, tmp_path: Path) -> None:
    """The worked example is in Kafka when `publish_files` returns; the row without an offset is not."""
    statuses, ratings, _rejects = re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)
    paths = [tmp_path / "statuses.csv", tmp_path / "ratings.csv"]
    for path, content in zip(paths, (statuses, ratings), strict=True):
        path.write_text(content, encoding="utf-8")
    with EventPublisher(connection) as publisher:
        report = publish_files(paths, publisher)
        events = [decoder("declaration-status")(message.value()) for message in written(Topic.DECLARATION_STATUS)]
        sheets = [decoder("rating")(message.value()) for message in written(Topic.RATING)]
    assert (report.sent, report.rejected) == (3, 1)
    assert sorted(event["event_id"] for event in events) == ["hq-1", "hq-2"]
    assert [(sheet["sheet_id"], len(sheet["items"]), sheet["comment"]) for sheet in sheets] == [
        ("s-1", 2, "Nhanh, rõ ràng")
    ]


@pytest.mark.parametrize("keys", [None, KEYS])
def test_no_name_or_phone_of_a_file_is_in_kafka_or_in_a_message(
    connection: KafkaConnection,
    written: Written,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    keys: SealingKeys | None,
) -> None:
    """With keys the contact arrives sealed; without, or beside another fault, its sheet stays out and is not quoted."""
    (line,) = re.findall(r"```json\n(\{\"sheet_id.*?)```", PAGE, re.DOTALL)
    sheet = {**json.loads(line), "contact_name": "Nguyễn Văn A", "contact_phone": "0912 345 678"}
    path = tmp_path / "ratings.jsonl"
    path.write_text("".join(json.dumps(s, ensure_ascii=False) + "\n" for s in (sheet, {**sheet, "phase": "NONE"})))
    rejections: list[Rejection] = []
    with EventPublisher(connection) as publisher:
        publish_files([path], publisher, sealing_keys=keys, on_reject=rejections.append)
    messages = written(Topic.RATING)
    shown = capfd.readouterr()
    said = f"{rejections} {[*map(str, rejections)]} {shown.out} {shown.err} {caplog.text}"
    stored = b"".join((message.key() or b"") + (message.value() or b"") for message in messages)
    for secret in ("Nguyễn", "Văn", "0912", "345 678"):
        assert secret not in said
        assert secret.encode() not in stored
    assert [rejection.line for rejection in rejections] == ([2] if keys else [1, 2])
    own = [ContactKey.from_avro(decoder("contact-key")(message.value())) for message in written(Topic.CONTACT_KEY)]
    opened = [
        unseal(decoder("rating")(message.value())["contact"], "s-1", open_key(key, KEYS))
        for message, key in zip(messages, own, strict=True)
    ]
    assert opened == ([Contact("Nguyễn Văn A", "0912 345 678")] if keys else [])
