"""The contract grows while everything runs: newer and older writers and readers side by side, and nothing suffers."""

from __future__ import annotations

import copy
import json
import random
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastavro import parse_schema
from support.clickhouse import rows
from support.history import Event, events_of, oracle_of, written
from support.newer import NEW_STATUS, RATING_ID, STATUS_ID, add_version, next_version, optional, writer
from support.pipeline import Pipeline, Sent
from support.registry import Shelf, serving

from schemas.catalogue import PINNED, latest, physical, schema_json
from schemas.codec.wire import HEADER_BYTES, frame_header
from schemas.records.alerts import Alert
from schemas.records.dead_letters import DeadLetter
from schemas.records.events import Status
from schemas.topics import Topic
from sinks.clickhouse.connection import ClickHouseConnection

pytestmark = pytest.mark.servers

UNREGISTERED, INCOMPATIBLE, LATER_ALERT, ALERT_SCHEMA = 7001, 7002, 7010, 7020
ALERT_ID = "00000000-0000-5000-8000-000000000001"


@pytest.fixture
def shelf(pipeline: Pipeline) -> Iterator[Shelf]:
    """A Schema Registry, which every process of the pipeline knows."""
    shelf = Shelf()
    with serving(shelf) as url:
        pipeline.settings["HAILONG_SCHEMA_REGISTRY_URL"] = url
        yield shelf


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """The next version of hailong."""
    return next_version(tmp_path / "newer")


class Writers:
    """Producers of both versions, each of which writes some of the events.

    Args:
        code: The next version.
        share: Of the events that the newer one writes.
    """

    def __init__(self, code: Path, share: float) -> None:
        self._dice = random.Random(5)
        self._share = share
        self._newer = {
            Topic.DECLARATION_STATUS: writer(code, "declaration-status", STATUS_ID),
            Topic.RATING: writer(code, "rating", RATING_ID),
        }

    def send(self, event: Event) -> tuple[Event, Sent]:
        """What a reader of the next version sees of an event, and how it is sent."""
        if self._dice.random() >= self._share:
            return event, written(event)
        by = self._newer[event.topic]
        if event.topic is Topic.RATING:
            return event, written(event, writer=by, later_note="vi")
        if event.fields["status"] != Status.SUPERVISION_PASSED:
            return event, written(event, writer=by, lane="3")
        return renamed(event, NEW_STATUS), written(event, writer=by, lane="3", status=NEW_STATUS)


def renamed(event: Event, status: str) -> Event:
    """The event with another status."""
    return replace(event, fields={**event.fields, "status": status})


def as_old_readers_see(event: Event) -> Event:
    """The event, with the default in place of a status that only the next version knows."""
    return renamed(event, Status.OTHER) if event.fields.get("status") == NEW_STATUS else event


def forced(shelf: Shelf, pipeline: Pipeline, event: Event) -> list[Sent]:
    """Records of an event under ids that should not be there: unknown, incompatible, of another subject."""
    broken: Any = copy.deepcopy(dict(schema_json(101 if event.topic is Topic.DECLARATION_STATUS else 102)))
    broken["fields"].insert(0, {"name": "urgency", "type": "long"})
    number = INCOMPATIBLE + (event.topic is Topic.RATING)
    shelf.put(number, broken, f"{event.topic.value.name(pipeline.kafka.topic_prefix)}-value")
    body = written(event).value[HEADER_BYTES:]
    values = [frame_header(one) + body for one in (UNREGISTERED, number, 105)]
    return [Sent(event.topic, event.key, value) for value in values]


def statuses(database: ClickHouseConnection) -> dict[str, int]:
    """Events in a database, by status."""
    found = rows(database, "SELECT status, count() AS events FROM declaration_status FINAL GROUP BY status")
    return {row["status"]: row["events"] for row in found}


def fact_statuses(database: ClickHouseConnection) -> dict[str, int]:
    """Facts in a database, by the status of their declaration."""
    found = rows(database, "SELECT status, count() AS facts FROM rated_service FINAL GROUP BY status")
    return {row["status"]: row["facts"] for row in found}


def distinct(seen: list[tuple[Event, Sent]]) -> dict[str, int]:
    """Events that were sent, by the status that readers must see; of two contents of one event the right one."""
    won: dict[tuple[str, str], tuple[int, str]] = {}
    for event, sent in seen:
        if event.topic is Topic.DECLARATION_STATUS:
            name = (event.declaration, event.fields["event_id"])
            won[name] = max(won.get(name, (0, "")), (zlib.crc32(sent.value[HEADER_BYTES:]), event.fields["status"]))
    counts: dict[str, int] = {}
    for _crc, status in won.values():
        counts[status] = counts.get(status, 0) + 1
    return counts


@pytest.mark.long
def test_old_and_newer_readers_meet_old_and_newer_producers(
    pipeline: Pipeline, shelf: Shelf, newer: Path, tmp_path: Path
) -> None:
    """Fields are passed over or absent, a new status is OTHER or has its name; what was forced in costs only itself.

    First the readers are old, on a database that is migrated already, as an upgrade begins. Then the next version reads
    the log again, with groups and a database of its own, while both producers go on: now the status has its name.
    """
    registered = pipeline.run("schemas", "register", code=newer)
    assert registered.stdout.count("registered") == len(PINNED) + 2, registered.stderr
    writers = Writers(newer, 0.5)
    real = [writers.send(event) for event in events_of(31)]
    part = len(real) * 3 // 4
    bad = read_by_old(pipeline, shelf, newer, real[:part])
    read_by_newer(pipeline, shelf, newer, real, part, tmp_path / "old.jsonl")
    assert_set_aside(pipeline, bad)  # by both versions, and yet once


def read_by_old(pipeline: Pipeline, shelf: Shelf, newer: Path, real: list[tuple[Event, Sent]]) -> list[Sent]:
    """Old worker, sink and webhook read events among forced ones, which are returned."""
    seen = [(as_old_readers_see(event), sent) for event, sent in real]
    topics = (Topic.DECLARATION_STATUS, Topic.RATING)
    firsts = [next(event for event, _sent in seen if event.topic is topic) for topic in topics]
    bad = [one for event in firsts for one in forced(shelf, pipeline, event)]
    database, half = pipeline.named("old"), len(seen) // 2
    pipeline.migrate_by(newer, database)
    with receiver() as (url, alerts), pipeline.worker(), pipeline.sink(database), pipeline.webhook(url):
        first, second = ([sent for _event, sent in part] for part in (seen[:half], seen[half:]))
        pipeline.publish([*first, *bad, newer_alert(shelf, pipeline), *second])
        pipeline.wait_for_truth(oracle_of(seen), database)
        pipeline.wait_until(lambda: _holds(alerts, ALERT_ID), "the alert")
    assert statuses(database) == distinct(seen)
    assert fact_statuses(database)[Status.OTHER]
    assert_set_aside(pipeline, bad)
    log = (pipeline.directory / "worker-0.log").read_text()
    assert f'"not_read": ["status={NEW_STATUS}", "lane"]' in log
    assert '"schema_refused"' in log
    return bad


def read_by_newer(
    pipeline: Pipeline, shelf: Shelf, newer: Path, real: list[tuple[Event, Sent]], part: int, file: Path
) -> None:
    """Worker and sink of the next version read all events, of which those after `part` come now, and a file comes too.

    The file knows nothing of the new field, and the newer publisher must not miss it.
    """
    filed = next(event for event, _sent in real if event.topic is Topic.DECLARATION_STATUS)
    filed = replace(filed, fields={**filed.fields, "event_id": "from-a-file"})
    file.write_text(json.dumps({name: value for name, value in filed.fields.items() if value is not None}))
    database, asked = pipeline.named("new"), len(shelf.asked)
    pipeline.migrate_by(newer, database)
    groups = {"HAILONG_WORKER_GROUP_PREFIX": f"{pipeline.kafka.topic_prefix}again."}
    with pipeline.worker(code=newer, **groups), pipeline.sink(database, code=newer):
        pipeline.publish(sent for _event, sent in real[part:])
        published = pipeline.run("publish", str(file), code=newer)
        assert published.returncode == 0, published.stderr
        by_file = filed, written(filed, writer=writer(newer, "declaration-status", STATUS_ID), lane=None)
        everything = [*real, by_file]
        pipeline.wait_for_truth(oracle_of(everything, [*Status, NEW_STATUS]), database)
    assert statuses(database) == distinct(everything)
    assert fact_statuses(database)[NEW_STATUS]
    lanes = {row["lane"] for row in rows(database, "SELECT DISTINCT lane FROM declaration_status FINAL")}
    assert lanes == {"", "3"}
    assert not [one for one in shelf.asked[asked:] if f"/{STATUS_ID}" in one or f"/{RATING_ID}" in one]


@contextmanager
def receiver() -> Iterator[tuple[str, list[str]]]:
    """An HTTP server that takes alerts: its address, and the ids that came."""
    came: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["alert_id"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", came
    server.shutdown()
    thread.join()
    server.server_close()


def newer_alert(shelf: Shelf, pipeline: Pipeline) -> Sent:
    """An alert of a worker of a later version, whose schema is registered."""
    schema: Any = copy.deepcopy(dict(schema_json(latest("alert").schema_id)))
    schema["fields"].append(optional("severity"))
    shelf.put(LATER_ALERT, schema, f"{Topic.ALERT.value.name(pipeline.kafka.topic_prefix)}-value")
    alert = Alert(
        ALERT_ID, 7, "03CC", "OPEN", "BURST", 1, 1, None, 1, 1, 86400, 20, 5, 5, 0.017, 300.0, 0.34, 0.0001, 0.001,
        0.0, (), (), (), "Cảnh báo", "Alert",
    )  # fmt: skip
    event = Event(Topic.ALERT, ALERT_ID.encode(), alert.to_avro(), 0)
    return written(event, writer=(LATER_ALERT, parse_schema(physical(schema))), severity="HIGH")


def _holds(found: list[str], wanted: str) -> None:
    assert wanted in found


def assert_set_aside(pipeline: Pipeline, bad: list[Sent]) -> None:
    """The dead letters are these records, each once however many readers refused it."""
    letters = {one.dead_letter_id: one for one in pipeline.records(Topic.DEAD_LETTER, DeadLetter)}
    assert sorted(one.value for one in letters.values()) == sorted(one.value for one in bad)
    assert {one.reason for one in letters.values()} == {"UNKNOWN_SCHEMA"}


def test_an_incompatible_version_is_refused_before_anything_is_registered(
    pipeline: Pipeline, shelf: Shelf, tmp_path: Path
) -> None:
    """By `schemas check`, by `schemas register`, and, from anybody else, by the registry, which guards our subjects."""
    code = next_version(tmp_path / "newer")
    assert pipeline.run("schemas", "register", code=code).returncode == 0
    before = dict(shelf.schemas)
    bad = tmp_path / "bad"
    next_version(bad)
    add_version(bad, "alert", ALERT_SCHEMA, lambda schema: schema["fields"].append({"name": "urgency", "type": "long"}))
    for command in ("check", "register"):
        ran = pipeline.run("schemas", command, code=bad)
        assert ran.returncode == 1
        assert f"alert.v{latest('alert').version + 1}.avsc does not fit alert.v1.avsc: urgency is missing" in ran.stderr
    assert shelf.schemas == before
    broken: Any = copy.deepcopy(dict(schema_json(102)))
    broken["fields"][0]["type"] = "long"
    path = f"/subjects/{Topic.RATING.value.name(pipeline.kafka.topic_prefix)}-value/versions"
    assert shelf.handle("POST", path, {"schema": json.dumps(broken)})[0] == 409
