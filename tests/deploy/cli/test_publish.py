"""`hailong publish` as a person runs it, against a broker."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from support.command import COMMAND, environment, hailong
from support.documented_events import blocks, examples
from support.polling import DEADLINE_S, eventually

from deploy.admin.topics import ensure_topics
from deploy.local.ports import free_port
from schemas.codec.record import decoder
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_reader import read_topic
from schemas.topics import Topic

pytestmark = pytest.mark.servers

FOREIGN = Path(__file__).parents[2] / "producers" / "files" / "foreign"
HEADER = "event_id,declaration_no,status,occurred_at,office\n"
ROW = "e{},103000000010,REGISTERED,2020-05-04T08:30:00+07:00,03CC\n"
Publish = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def settings(kafka: KafkaConnection) -> dict[str, str]:
    """The settings of a command, with topics of this test's own."""
    ensure_topics(kafka, partitions=2, replication_factor=1)
    return {
        "HAILONG_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "HAILONG_KAFKA_TOPIC_PREFIX": kafka.topic_prefix,
    }


@pytest.fixture
def publish(settings: dict[str, str], tmp_path: Path) -> Publish:
    """Run the command in an empty directory."""
    return lambda *arguments: hailong("publish", *map(str, arguments), cwd=tmp_path, **settings)


def events(kafka: KafkaConnection, topic: Topic) -> list[dict[str, Any]]:
    """What lies in a topic."""
    return [decoder(topic.subject)(message.value()) for message in read_topic(kafka, topic)]


def test_every_example_of_the_documents_arrives(publish: Publish, kafka: KafkaConnection, tmp_path: Path) -> None:
    """CSV and JSON of every page go through the command into Kafka; only the row that the page rejects does not."""
    paths = []
    for number, example in enumerate(examples()):
        paths.append(tmp_path / f"{number}{example.suffix}")
        paths[-1].write_text(example.text, "utf-8")
    done = publish(*paths)
    sent = {topic: events(kafka, topic) for topic in (Topic.DECLARATION_STATUS, Topic.RATING, Topic.COMPLAINT_ACTION)}
    count = sum(map(len, sent.values()))
    assert {event["event_id"] for event in sent[Topic.DECLARATION_STATUS]} == {"hq-1", "hq-2"}
    assert done.stdout == f"{count} events are in Kafka. 1 was rejected and not sent (see above).\n"
    assert "occurred_at must be ISO 8601" in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.returncode == 1


def test_the_python_example_of_the_documents_sends(kafka: KafkaConnection, settings: dict[str, str]) -> None:
    """The block for the SDK, with this broker's address and a key, runs as it stands."""
    del settings  # it makes the topics
    (code,) = (block.text for block in blocks() if block.page == "docs/publishing.md" and block.language == "python")
    here = f'KafkaConnection("{kafka.bootstrap_servers}", topic_prefix="{kafka.topic_prefix}")'
    code = code.replace('KafkaConnection("127.0.0.1:9092")', here).replace("<32 bytes in base64>", "A" * 43 + "=")
    exec(compile(code, "docs/publishing.md", "exec"), {})
    assert [event["event_id"] for event in events(kafka, Topic.DECLARATION_STATUS)] == ["hq-1"]
    (sheet,) = events(kafka, Topic.RATING)
    assert sheet["contact"] is not None


def test_the_bytes_of_the_contract_are_a_record_in_kafka(kafka: KafkaConnection, settings: dict[str, str]) -> None:
    """Sent as the page shows them, by a plain producer, they are read back as the sheet that it describes."""
    del settings
    (block,) = (block.text for block in blocks() if block.page == "docs/contract.md" and "magic, id 102" in block.text)
    *body, key = [re.split(r"\s{3,}", line.strip())[0] for line in block.splitlines()[2:] if line.strip()]
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "partitioner": "murmur2_random"})
    value = bytes.fromhex("".join(body))
    producer.produce(kafka.topic_name(Topic.RATING), value, bytes.fromhex(key.removeprefix("key:")))
    assert producer.flush(DEADLINE_S) == 0
    (sheet,) = events(kafka, Topic.RATING)
    assert (sheet["sheet_id"], [item["score"] for item in sheet["items"]]) == ("s-1", [5, 2])


@pytest.mark.long
@pytest.mark.parametrize("name", ["apache-snappy.avro", "apache-zstandard.avro", "polars-snappy.avro"])
def test_avro_through_a_pipe_arrives(
    settings: dict[str, str], kafka: KafkaConnection, tmp_path: Path, name: str
) -> None:
    """`publish - < file`, `cat file | publish -` and `publish <(cat file)` send the same events."""
    source, command = FOREIGN / name, " ".join(COMMAND)
    for line in (
        f"{command} publish - < {source}",
        f"cat {source} | {command} publish -",
        f"{command} publish <(cat {source})",
    ):
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=tmp_path,
            env=environment(**settings),
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        assert (done.stdout, done.returncode) == ("300 events are in Kafka.\n", 0), line
        # A slow machine takes long enough to be told the progress.
        assert all(said.startswith("Publishing: ") for said in done.stderr.splitlines()), done.stderr
    assert len({event["event_id"] for event in events(kafka, Topic.DECLARATION_STATUS)}) == 300


def test_what_cannot_be_used_is_told_without_a_traceback(publish: Publish, tmp_path: Path) -> None:
    """A workbook, UTF-16 without its mark, a wrong header, an empty file: a cause each, and a plain last line."""
    (tmp_path / "utf16.csv").write_bytes((HEADER + ROW).encode("utf-16-le"))
    (tmp_path / "upper.csv").write_text(HEADER.upper() + ROW * 100)
    (tmp_path / "empty.csv").touch()
    done = publish(FOREIGN / "statuses.xlsx", "utf16.csv", "upper.csv", "empty.csv")
    for words in ("an Excel workbook", "UTF-16 without its mark", "write event_id, declaration_no", "is empty"):
        assert words in done.stderr
    assert done.stdout.startswith("No event was sent: ")
    assert "0 of 0" not in done.stdout
    assert "Traceback" not in done.stderr
    assert done.returncode == 1


def test_a_mistake_in_every_line_is_a_few_lines(publish: Publish, tmp_path: Path) -> None:
    """Five of them are printed and all counted; the file of rejections has each."""
    rows = "".join(ROW.format(n).replace("03CC", "03cc") for n in range(300))
    (tmp_path / "bad.csv").write_text(HEADER + rows + ROW.format("x"))
    done = publish("bad.csv")
    assert done.stderr.count("\n") == 7
    assert "in all 300 x office must be" in done.stderr
    assert done.stdout == "1 event is in Kafka. 300 were rejected and not sent (see above).\n"
    done = publish("bad.csv", "--rejects", "rejects.csv")
    assert done.stderr.count("\n") == 1
    assert done.stdout.endswith("(rejects.csv lists them).\n")
    assert len((tmp_path / "rejects.csv").read_text().splitlines()) == 301


def test_unknown_columns_and_running_numbers_are_said(publish: Publish, tmp_path: Path) -> None:
    """What was passed over is named, and so is an import that uses the 12th digit as part of the number."""
    header = HEADER.replace("\n", ",region\n")
    rows = "".join(f"e{n},{103000000000 + n},REGISTERED,2020-05-04T08:30:00+07:00,03CC,North\n" for n in range(200))
    (tmp_path / "a.csv").write_text(header + rows)
    refused = publish("a.csv")
    assert "region is not a column of a status" in refused.stderr
    assert refused.returncode == 1
    done = publish("a.csv", "--ignore-unknown")
    assert "a.csv: passed over unknown region." in done.stderr
    assert "warning: the 12th digit of a declaration number counts amendments" in done.stderr
    assert "20 have five numbers or more" in done.stderr
    assert (done.stdout, done.returncode) == ("200 events are in Kafka.\n", 0)


def test_a_missing_file_is_a_mistake_in_the_command(publish: Publish) -> None:
    """Status 2, one sentence, nothing about settings."""
    done = publish("nowhere.csv", "/tmp")
    assert done.returncode == 2
    assert "nowhere.csv cannot be read: No such file or directory." in done.stderr
    assert "/tmp is a directory" in done.stderr
    assert "hailong.env" not in done.stderr


def test_ctrl_c_ends_an_import_that_waits_for_its_pipe(
    settings: dict[str, str], kafka: KafkaConnection, tmp_path: Path
) -> None:
    """What came is in Kafka, the line that was cut is not taken for an event, and the last line says so."""
    process = subprocess.Popen(
        [*COMMAND, "publish", "-"],
        cwd=tmp_path,
        env=environment(**settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdin is not None
        process.stdin.write(HEADER + ROW.format(1) + ROW.format(2)[:40])
        process.stdin.flush()
        eventually(lambda: len(events(kafka, Topic.DECLARATION_STATUS)) == 1, "the first event arrives")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=DEADLINE_S)
    finally:
        process.kill()
        process.wait()
    assert out.startswith("1 event is in Kafka. Stopped before the end")
    assert err == ""
    assert process.returncode == 130


@pytest.mark.long
def test_a_broker_that_is_away_is_said(tmp_path: Path) -> None:
    """The message names the address and what to do."""
    (tmp_path / "a.csv").write_text(HEADER + ROW)
    address = f"127.0.0.1:{free_port()}"
    done = hailong("publish", "a.csv", cwd=tmp_path, HAILONG_KAFKA_BOOTSTRAP_SERVERS=address)
    assert address in done.stderr
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
