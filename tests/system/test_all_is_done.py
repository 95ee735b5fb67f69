"""`hailong audit` and `--wait` with real processes: done is said when all is done, and not before."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from support.brokers import on_both_brokers, on_kafka
from support.clickhouse import rows
from support.events import at, item, rating, status, value_of
from support.pipeline import PARTITIONS, Pipeline, Sent
from support.polling import DEADLINE_S

from schemas.keys import declaration_key
from schemas.topics import Topic
from sinks.clickhouse.connection import ClickHouseConnection

pytestmark = [pytest.mark.servers, pytest.mark.long]

T = at("2020-05-11 08:00")
HOUR = 3_600_000
SHEETS = 12
WAIT = ("--wait", "--timeout", f"{DEADLINE_S:.0f}")


def declaration(number: int) -> str:
    """The number of a declaration."""
    return f"1030000{number:04}0"


def history(known: bool = True) -> Iterator[Sent]:
    """Declarations with two statuses, and a sheet with the lowest score on each; without statuses if not known."""
    for number in range(SHEETS):
        key = declaration_key(declaration(number))
        if known:
            for name, hours in (("REGISTERED", 0), ("CLEARED", 1)):
                event = status(f"{name}-{number}", name, T + hours * HOUR, declaration_no=declaration(number))
                yield Sent(Topic.DECLARATION_STATUS, key, value_of(event, Topic.DECLARATION_STATUS))
        sheet = rating(f"s-{number}", 1, T + 2 * HOUR, item(score=1), declaration_no=declaration(number))
        yield Sent(Topic.RATING, key, value_of(sheet, Topic.RATING))


@contextmanager
def frozen(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """A process that does nothing, for as long as the block lasts."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def audit(pipeline: Pipeline, database: ClickHouseConnection, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`hailong audit` of a database."""
    return pipeline.run("audit", *arguments, code=None, **pipeline.database_settings(database))


def behind(ran: subprocess.CompletedProcess[str]) -> dict[tuple[str, str], int]:
    """What groups have left by reader and topic, from an audit's JSON."""
    assert ran.returncode == 3, ran.stdout + ran.stderr
    report = json.loads(ran.stdout)
    assert (report["clean"], report["working"]) == (False, True)
    return {(one["reader"], one["topic"]): one["records"] for one in report["behind"]}


def count(database: ClickHouseConnection, table: str, where: str = "true") -> int:
    """Rows of a table."""
    (found,) = rows(database, f"SELECT count() AS n FROM {table} FINAL WHERE {where}")
    return int(found["n"])


@on_both_brokers
def test_a_stage_that_stands_still_is_still_working(pipeline: Pipeline) -> None:
    """Every fact is in ClickHouse, and nothing of what is there is missing: but the complaints are yet to come."""
    database = pipeline.database("done")
    with (
        pipeline.sink(database),
        pipeline.worker(HAILONG_WORKER_STAGES="join"),
        pipeline.worker(HAILONG_WORKER_STAGES="assessment,complaints,spikes") as slow,
    ):
        pipeline.publish(history())
        waited = audit(pipeline, database, *WAIT)
        assert waited.returncode == 0, waited.stdout + waited.stderr
        assert count(database, "complaint") == SHEETS  # at once: it has been waited for
        assert "Nothing is missing, nothing is doubled." in waited.stdout

        second = [
            Sent(one.topic, one.key, value_of(revised, Topic.RATING))
            for one, revised in zip(
                (one for one in history() if one.topic is Topic.RATING),
                (
                    rating(f"s-{number}", 2, T + 3 * HOUR, item(score=2), declaration_no=declaration(number))
                    for number in range(SHEETS)
                ),
                strict=True,
            )
        ]
        with frozen(slow):
            pipeline.publish(second)
            pipeline.wait_until(lambda: _revised(database), "the facts of the second revisions")
            left = behind(audit(pipeline, database, "--json", "--settle", "0"))
            assert left == {("assessment", "rated-service"): SHEETS}
        waited = audit(pipeline, database, *WAIT)
        assert waited.returncode == 0, waited.stdout + waited.stderr
        assert count(database, "complaint", "lowest_score = 2") == SHEETS


def _revised(database: ClickHouseConnection) -> None:
    assert count(database, "rated_service", "revision = 2") == SHEETS


@on_both_brokers
def test_ratings_without_a_declaration_are_waited_for(pipeline: Pipeline) -> None:
    """`publish --wait` ends when they are published as unmatched, and all that comes of them has arrived."""
    database = pipeline.database("unmatched")
    sheets = [rating(f"s-{n}", 1, T, item(score=1), declaration_no=declaration(n)) for n in range(SHEETS)]
    file = pipeline.directory / "ratings.jsonl"
    file.write_text("".join(f"{json.dumps(sheet.to_avro())}\n" for sheet in sheets))
    with pipeline.sink(database), pipeline.worker(HAILONG_WORKER_IDLE_ADVANCE_S="3"):
        settings = {"HAILONG_WORKER_IDLE_ADVANCE_S": "3", **pipeline.database_settings(database)}
        ran = pipeline.run("publish", str(file), *WAIT, code=None, **settings)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert count(database, "rated_service", "state = 'UNMATCHED'") == SHEETS
        assert count(database, "doubted_sheet", "NOT counts") == SHEETS


@on_kafka
def test_what_is_left_is_what_another_client_finds(pipeline: Pipeline) -> None:
    """A client that shares no code with ours, and none with librdkafka, computes the same lag of every group."""
    database = pipeline.database("foreign")
    with pipeline.sink(database) as sink, pipeline.worker() as worker:
        pipeline.publish(history())
        waited = audit(pipeline, database, *WAIT)
        assert waited.returncode == 0, waited.stdout + waited.stderr
        groups = {f"{pipeline.kafka.topic_prefix}join": "join", f"{database.database}.sink": "sink"}
        assert asyncio.run(foreign_lags(pipeline, groups)) == {}
        with frozen(worker), frozen(sink):
            again = [one for one in history() for _repeated in range(3)]
            pipeline.publish(again)
            left = behind(audit(pipeline, database, "--json", "--settle", "0"))
            assert left == asyncio.run(foreign_lags(pipeline, groups))
            assert left["join", "rating"] == 3 * SHEETS
            assert left["sink", "declaration-status"] == 6 * SHEETS
        assert audit(pipeline, database, *WAIT).returncode == 0


async def foreign_lags(pipeline: Pipeline, groups: dict[str, str]) -> dict[tuple[str, str], int]:
    """The lags of groups by reader and subject, as aiokafka finds them; without those that are 0."""
    server = pipeline.kafka.bootstrap_servers
    admin, consumer = AIOKafkaAdminClient(bootstrap_servers=server), AIOKafkaConsumer(bootstrap_servers=server)
    await admin.start()
    await consumer.start()
    try:
        subjects = {pipeline.kafka.topic_name(topic): topic.subject for topic in Topic}
        ends = await consumer.end_offsets(
            [
                TopicPartition(name, number)
                for topic in Topic
                for name in [pipeline.kafka.topic_name(topic)]
                for number in range(topic.value.partitions or PARTITIONS)
            ]
        )
        found: dict[tuple[str, str], int] = {}
        for group, reader in groups.items():
            for tp, offset in (await admin.list_consumer_group_offsets(group)).items():
                place = reader, subjects[tp.topic]
                found[place] = found.get(place, 0) + ends[tp] - max(offset.offset, 0)
        return {place: left for place, left in found.items() if left}
    finally:
        await consumer.stop()
        await admin.close()


@on_both_brokers
def test_ctrl_c_ends_the_wait_and_a_missing_process_is_named(pipeline: Pipeline) -> None:
    """Without workers the wait says who has read nothing; status 3 when time is up, status 130 after Ctrl-C."""
    database = pipeline.database("ended")
    with pipeline.sink(database):
        pipeline.publish(history())
        ran = audit(pipeline, database, "--wait", "--timeout", "1s")
        assert ran.returncode == 3, ran.stdout + ran.stderr
        assert "Not done after 0:01" in ran.stderr
        assert "Still working" in ran.stdout

        command = [sys.executable, "-m", "deploy.cli.main", "audit", "--wait"]
        environment = {**os.environ, **pipeline.environment(**pipeline.database_settings(database))}
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as waiting:
            assert waiting.stderr is not None
            named = f"nobody is in group {pipeline.kafka.topic_prefix}join, is `hailong worker` running?".encode()
            assert any(named in line for line in waiting.stderr)  # reads until it is said
            waiting.send_signal(signal.SIGINT)
            output, _errors = waiting.communicate(timeout=DEADLINE_S)
        assert waiting.returncode == 130
        assert b"Still working" in output
