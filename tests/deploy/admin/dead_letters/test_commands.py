"""`hailong dlq` on the real broker: lists, shows, publishes again and puts away, and names nobody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Message
from support.events import rating, status, value_of
from support.polling import DEADLINE_S, eventually
from typer.testing import CliRunner, Result

from deploy.admin.dead_letters.times import format_moment
from deploy.cli.main import app
from deploy.errors import Mistake
from schemas.codec.record import decoder
from schemas.errors import Reason, SystemFault
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_reader import read_topic
from schemas.keys import declaration_key
from schemas.topics import Topic

pytestmark = pytest.mark.servers

KEY = declaration_key("103000000010")
DAY_MS = 86_400_000


@pytest.fixture
def dlq(desk: Any, no_settings: Path) -> Callable[..., Result]:
    """Run `hailong dlq` in this process, against the desk's topics."""
    del no_settings
    settings = {
        "HAILONG_KAFKA_BOOTSTRAP_SERVERS": desk.kafka.bootstrap_servers,
        "HAILONG_KAFKA_TOPIC_PREFIX": desk.kafka.topic_prefix,
        "COLUMNS": "100",
    }

    def run(*arguments: str, said: str | None = None, status: int | None = 0) -> Result:
        result = CliRunner().invoke(app, ["dlq", *arguments], input=said, env=settings)
        assert status is None or result.exit_code == status, (result.output, result.exception)
        return result

    return run


def records(desk: Any, topic: Topic) -> list[Message]:
    """All records of a topic."""
    return list(read_topic(desk.kafka, topic))


def values(desk: Any, topic: Topic) -> list[dict[str, Any]]:
    """All records of a topic, decoded."""
    decode = decoder(topic.subject)
    return [decode(message.value()) for message in records(desk, topic)]


def test_nobody_is_named_anywhere(
    desk: Any, dlq: Callable[..., Result], people: tuple[str, ...], tmp_path: Path
) -> None:
    """Whatever field holds personal data, no command shows it; only the raw file has it."""
    desk.canaries()
    said = [dlq("list"), dlq("list", "--all", "--json"), dlq("replay", "--until", "now", "--dry-run")]
    ids = [letter.dead_letter_id for letter in desk.letters]
    said += [dlq("show", one) for one in ids]
    said.append(dlq("show", ids[2], "--raw", str(tmp_path / "raw")))
    said.append(dlq("discard", "--until", "now", "--yes"))
    for result in said:
        assert not [one for one in people if one in result.output], result.output
    assert people[0].encode() in (tmp_path / "raw").read_bytes()


def test_lists_are_short_filtered_and_for_machines(desk: Any, dlq: Callable[..., Result]) -> None:
    """A letter that two stages refused is listed once; filters apply; a line fits 100 columns."""
    first = desk.refuse(Topic.RATING, KEY, b"abc", Reason.NOT_FRAMED, "value is not framed")
    desk.refuse(Topic.DECLARATION_STATUS, KEY, b"abcd", Reason.UNKNOWN_SCHEMA, schema_id=999, at=1_600_000_000_000)
    listed = dlq("list").output
    assert max(map(len, listed.splitlines())) <= 100
    assert "1  UNKNOWN_SCHEMA  declaration-status" in listed
    assert f"{first.dead_letter_id[:8]}  {format_moment(first.recorded_at)}  rating[1]@100" in listed
    assert "by join, sink" in listed
    for arguments in (
        ["--until", "2020-06-01", "--id", first.dead_letter_id[:6]],
        ["--topic", "rating", "--stage", "sink", "--partition", "1", "--reason", "not_framed"],
    ):  # fmt: skip
        (line,) = dlq("list", "--json", *arguments).output.splitlines()
        found = json.loads(line)
        assert (found["dead_letter_id"], found["stages"]) == (first.dead_letter_id, ["join", "sink"])
        assert "value" not in found
    assert len(dlq("list", "--json", "--limit", "1").output.splitlines()) == 1
    assert "1 more: use --limit 2" in dlq("list", "--limit", "1").output
    assert dlq("list", "--schema-id", "7").output == "No open dead letters match.\n"


def test_discarded_letters_are_hidden(desk: Any, dlq: Callable[..., Result]) -> None:
    """The command asks first; a discarded letter is listed only with --all, with who decided and why."""
    letter = desk.refuse(Topic.RATING, KEY, b"abc", Reason.NOT_FRAMED)
    assert dlq("discard", letter.dead_letter_id[:8], said="n\n", status=1).output.count("[y/N]") == 1
    assert records(desk, Topic.DEAD_LETTER_ACTION) == []
    dlq("discard", letter.dead_letter_id[:8], "--by", "Ops", "--note", "test traffic", said="y\n")
    assert dlq("list").output == "No open dead letters.\n"
    assert "discarded" in dlq("list", "--all").output
    assert "DISCARDED by Ops" in dlq("show", letter.dead_letter_id).output
    assert "is discarded already" in dlq("discard", letter.dead_letter_id, "--yes", status=1).output
    assert "is discarded already" in dlq("replay", letter.dead_letter_id, "--yes", status=1).output
    (action,) = values(desk, Topic.DEAD_LETTER_ACTION)
    assert (action["actor"], action["note"], action["action"]) == ("Ops", "test traffic", "DISCARDED")


def test_records_are_published_again_as_they_were(desk: Any, dlq: Callable[..., Result]) -> None:
    """Key, value and partition stay the same; the new offset is recorded; a second replay adds no decision."""
    good = value_of(status("e-1", "REGISTERED", 1_588_300_200_000), Topic.DECLARATION_STATUS)
    desk.send(Topic.DECLARATION_STATUS, KEY, good)
    (home,) = {message.partition() for message in records(desk, Topic.DECLARATION_STATUS)}
    letter = desk.refuse(Topic.DECLARATION_STATUS, KEY, good, Reason.UNKNOWN_SCHEMA)
    dlq("replay", "--reason", "UNKNOWN_SCHEMA", "--dry-run")
    assert len(records(desk, Topic.DECLARATION_STATUS)) == 1
    dlq("replay", "--reason", "UNKNOWN_SCHEMA", "--yes")
    _first, again = records(desk, Topic.DECLARATION_STATUS)
    assert (again.key(), again.value(), again.partition()) == (KEY, good, home)
    (action,) = values(desk, Topic.DEAD_LETTER_ACTION)
    assert (action["dead_letter_id"], action["action"]) == (letter.dead_letter_id, "REPLAYED")
    assert (action["replayed_partition"], action["replayed_offset"]) == (again.partition(), again.offset())
    dlq("replay", "--reason", "UNKNOWN_SCHEMA", "--all", "--yes")
    assert len({one["action_id"] for one in values(desk, Topic.DEAD_LETTER_ACTION)}) == 1


def test_a_letter_that_was_cut_is_not_replayed(desk: Any, dlq: Callable[..., Result]) -> None:
    """It is refused with a reason, the others are published, and the exit status is 1."""
    desk.refuse(Topic.RATING, KEY, bytes(600_000), Reason.TOO_LARGE)
    desk.refuse(Topic.RATING, KEY, b"abc", Reason.NOT_FRAMED)
    result = dlq("replay", "--until", "now", "--yes", status=1)
    assert "1 cannot be replayed: only 524,288 of its 600,000 bytes were kept" in result.output
    assert "1 dead letter published again" in result.output
    assert [message.value() for message in records(desk, Topic.RATING)] == [b"abc"]


def test_a_record_that_is_refused_again_is_recognised(desk: Any, dlq: Callable[..., Result]) -> None:
    """The new letter names the old one as the same record."""
    old, new = (desk.refuse(Topic.RATING, KEY, b"abc", Reason.NOT_FRAMED) for _time in range(2))
    assert f"same record  {old.dead_letter_id[:8]}  rating[1]@100  open" in dlq("show", new.dead_letter_id).output


def test_nothing_is_decided_about_everything_by_mistake(desk: Any, dlq: Callable[..., Result]) -> None:
    """Without ids or filters the command is refused; an unknown id is reported."""
    desk.refuse(Topic.RATING, KEY, b"abc", Reason.NOT_FRAMED)
    for arguments, words in (
        (["replay", "--yes"], "Say which"), (["discard", "--yes"], "Say which"), (["show", "ffffff"], "No dead letter"),
        (["replay", "ffffff", "--yes"], "No dead letter"),
    ):  # fmt: skip
        error = dlq(*arguments, status=None).exception
        assert isinstance(error, Mistake)
        assert words in str(error)
    assert records(desk, Topic.DEAD_LETTER_ACTION) == []


def test_missing_topics_are_reported(kafka: KafkaConnection) -> None:
    """A wrong prefix names the topic and what to do."""
    with pytest.raises(SystemFault, match=r"nowhere\.dead-letter\.v1 does not exist: run"):
        list(read_topic(replace(kafka, topic_prefix="nowhere."), Topic.DEAD_LETTER))


@contextmanager
def worker(desk: Any, directory: Path) -> Iterator[Path]:
    """A real `hailong worker`; its log."""
    log = directory / "worker.log"
    settings = {
        "HAILONG_KAFKA_BOOTSTRAP_SERVERS": desk.kafka.bootstrap_servers,
        "HAILONG_KAFKA_TOPIC_PREFIX": desk.kafka.topic_prefix,
        "HAILONG_WORKER_GROUP_PREFIX": desk.kafka.topic_prefix,
        "HAILONG_WORKER_STAGES": "join",
        "HAILONG_HTTP_PORT": "0",
        "HAILONG_KAFKA_SESSION_TIMEOUT_MS": "6000",
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.cli.main", "worker"], env={**os.environ, **settings}, stdout=out, stderr=out
        )
    try:
        yield log
    finally:
        process.terminate()
        process.wait(DEADLINE_S)


def test_a_record_that_was_refused_is_accepted_after_a_replay(
    desk: Any, dlq: Callable[..., Result], no_settings: Path
) -> None:
    """A sheet dated three days ahead is refused; three days later it is replayed twice and counts once."""
    now = time.time_ns() // 1_000_000
    desk.send(
        Topic.DECLARATION_STATUS, KEY, value_of(status("e", "CLEARED", now - DAY_MS), Topic.DECLARATION_STATUS), now
    )
    ahead = rating("s-ahead", 1, now - 60_000)
    with worker(desk, no_settings):
        desk.send(Topic.RATING, KEY, value_of(ahead, Topic.RATING), now - 3 * DAY_MS)
        eventually(lambda: values(desk, Topic.DEAD_LETTER), "the sheet is refused")
        assert values(desk, Topic.RATED_SERVICE) == []
        assert "BAD_TIME" in dlq("list").output

        dlq("replay", "--reason", "BAD_TIME", "--yes", "--note", "three days later")
        eventually(lambda: values(desk, Topic.RATED_SERVICE), "the sheet is accepted")
        dlq("replay", "--reason", "BAD_TIME", "--yes", "--all")
        desk.send(Topic.RATING, KEY, value_of(rating("s-last", 1, now - 50_000), Topic.RATING), now)
        eventually(lambda: "s-last" in {one["sheet_id"] for one in values(desk, Topic.RATED_SERVICE)}, "the last")

    assert len(records(desk, Topic.RATING)) == 4
    accepted, again, last = values(desk, Topic.RATED_SERVICE)
    assert again == accepted, "the second replay says the same fact in the same version"
    assert (accepted["sheet_id"], last["sheet_id"]) == ("s-ahead", "s-last")
    assert len(values(desk, Topic.DEAD_LETTER)) == 1
    assert dlq("list").output == "No open dead letters.\n"
