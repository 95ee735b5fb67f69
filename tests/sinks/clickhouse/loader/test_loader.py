"""The loader on real protocols: each record is stored once, and committed only afterwards."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from support.embedded_broker import EmbeddedBroker
from support.events import at, item, rating, status
from support.polling import DEADLINE_S, eventually
from support.sink_bench import PROGRAM, SinkBench, sealed

from schemas.errors import SystemFault
from schemas.ids import dead_letter_action_id
from schemas.records.dead_letters import DeadLetterAction
from schemas.topics import Topic
from sinks.audit.run import audit
from sinks.clickhouse.migrate import migrate

pytestmark = pytest.mark.servers

MONDAY = at("2020-05-11 08:00")


def statuses(count: int, first: int = 0) -> list[Any]:
    """Registrations with ids of their own."""
    return [status(f"e{n}", "REGISTERED", MONDAY + n) for n in range(first, first + count)]


def test_what_is_stored_and_stored_again_is_one_row(bench: SinkBench) -> None:
    """Repeats in the log, and a second sink that reads the whole log again, leave one row for each natural id."""
    sheet = rating("s1", 1, MONDAY, item(score=2), item("TEAM", "01", 5), contact=sealed("s1"), comment="chậm")
    bench.send(Topic.DECLARATION_STATUS, *statuses(300), *statuses(10))
    bench.send(Topic.RATING, sheet, sheet, partition=1)

    bench.load(312)
    bench.load(312, group=f"{bench.options.group}.again")

    assert bench.count("declaration_status") == 300
    assert bench.count("rating") == 1
    assert bench.count("rating_item") == 2
    assert bench.rows("SELECT topic, count() FROM log_position FINAL GROUP BY topic ORDER BY topic") == [
        ("declaration-status", 310),
        ("rating", 2),
    ]
    assert bench.rows("SELECT lowest_score, comment_length, has_contact FROM rating FINAL") == [(2, 4, True)]


def test_the_higher_checksum_wins_whatever_the_order(bench: SinkBench) -> None:
    """Of two contents with one event id the one with the higher checksum stays, as in the workers."""
    one, other = (status("same", name, MONDAY) for name in ("CLEARED", "RELEASED"))
    bench.send(Topic.DECLARATION_STATUS, one, other)
    bench.send(Topic.DECLARATION_STATUS, other, one)

    bench.load(4)

    versions = (
        "SELECT status, max(row_version) AS version FROM declaration_status GROUP BY status ORDER BY version DESC"
    )
    winner = bench.rows("SELECT status FROM declaration_status FINAL")
    assert len(winner) == 1
    assert winner[0][0] == bench.rows(versions)[0][0]


def test_poison_records_cost_only_themselves(bench: SinkBench) -> None:
    """Unreadable records become dead letters without payload; their neighbours are stored; the log is accounted for."""
    bench.produce(Topic.RATING, [(b"key-canary", b"text-canary"), (None, None)])
    bench.produce(Topic.DECLARATION_STATUS, [(b"x", b"\x00\x00\x00\x00\x65rubbish")])
    bench.send(Topic.DECLARATION_STATUS, *statuses(3))

    bench.load(6 + 3)

    assert bench.count("declaration_status") == 3
    reasons = bench.rows("SELECT source_topic LIKE '%rating%', reason, value_size FROM dead_letter FINAL ORDER BY ALL")
    assert reasons == [(0, "CORRUPT", 12), (1, "EMPTY", 0), (1, "NOT_FRAMED", 11)]
    report = audit(bench.kafka, bench.clickhouse)
    assert report.clean
    assert {one.topic: one.dead_lettered for one in report.topics}["rating"] == 2


def test_a_row_that_clickhouse_refuses_is_set_aside_alone(bench: SinkBench) -> None:
    """One bad row in a batch is found by halving; the others are stored."""
    bench.rows("ALTER TABLE declaration_status ADD CONSTRAINT no_bad_event CHECK event_id != 'e77'")
    bench.send(Topic.DECLARATION_STATUS, *statuses(200))

    bench.load(201)

    assert bench.count("declaration_status") == 199
    assert bench.rows("SELECT source_offset, reason, detail FROM dead_letter FINAL") == [
        (77, "REFUSED_BY_CLICKHOUSE", "VIOLATED_CONSTRAINT (469)")
    ]
    assert audit(bench.kafka, bench.clickhouse).clean


def test_an_id_that_is_no_uuid_is_set_aside_alone(bench: SinkBench) -> None:
    """What the driver cannot write as a UUID is a bad record, and no broken connection that is tried again for ever."""
    letter = str(uuid4())
    good = DeadLetterAction(
        dead_letter_action_id(letter, "DISCARDED"), 1, letter, "DISCARDED", 1, "ops", None, None, None
    )
    bench.send(Topic.DEAD_LETTER_ACTION, good, dataclasses.replace(good, action_id="no UUID"))

    bench.load(3)

    assert bench.count("dead_letter_action") == 1
    assert bench.rows("SELECT source_offset, reason, detail FROM dead_letter FINAL") == [
        (1, "REFUSED_BY_CLICKHOUSE", "CannotParseUuidError while encoding")
    ]


def test_a_table_that_refuses_everything_stops_the_sink(bench: SinkBench) -> None:
    """If the table is at fault and not single rows, the sink stops and nothing becomes a dead letter."""
    bench.rows("ALTER TABLE declaration_status ADD CONSTRAINT nothing CHECK event_id = ''")
    bench.send(Topic.DECLARATION_STATUS, *statuses(50))

    with pytest.raises(SystemFault, match="the table does not fit"), bench.sink(max_refused=5) as monitor:
        bench.eventually_failed(monitor)

    assert bench.count("dead_letter") == 0


def test_a_missing_table_and_a_wrong_password_are_said_at_once(bench: SinkBench) -> None:
    """A fault that needs an operator stops the sink; the message says what to do, without the password."""
    wrong = dataclasses.replace(bench, clickhouse=dataclasses.replace(bench.clickhouse, password="not-it"))
    with pytest.raises(SystemFault, match=r"AUTHENTICATION_FAILED.*HAILONG_CLICKHOUSE_PASSWORD") as refused:
        wrong.load(1)
    assert "not-it" not in str(refused.value)
    bench.server.start_if_ended()

    bench.send(Topic.DECLARATION_STATUS, *statuses(1))
    bench.rows("DROP TABLE declaration_status")
    with pytest.raises(SystemFault, match=r"UNKNOWN_TABLE.*hailong migrate"), bench.sink() as monitor:
        bench.eventually_failed(monitor)

    unmigrated = dataclasses.replace(bench, clickhouse=dataclasses.replace(bench.clickhouse, database="nowhere"))
    with pytest.raises(SystemFault, match="hailong migrate"):
        unmigrated.load(1)
    bench.server.start_if_ended()


def test_a_kill_between_insert_and_commit_loses_and_doubles_nothing(bench: SinkBench) -> None:
    """SIGKILL after the rows are acknowledged and before the commit: the next sink reads them again."""
    bench.send(Topic.DECLARATION_STATUS, *statuses(400))
    given = {
        "kafka": {
            "bootstrap_servers": bench.kafka.bootstrap_servers,
            "topic_prefix": bench.kafka.topic_prefix,
            "session_timeout_ms": bench.kafka.session_timeout_ms,
        },
        "clickhouse": {
            name: getattr(bench.clickhouse, name) for name in ("host", "port", "user", "password", "database")
        },
        "options": {"group": bench.options.group, "flush_interval_s": 0.1, "commit_interval_s": 0.1},
        "die_before_commit": True,
    }
    killed = subprocess.run([sys.executable, str(PROGRAM), json.dumps(given)], check=False, timeout=DEADLINE_S)
    assert killed.returncode == -9
    assert bench.count("declaration_status") > 0

    bench.send(Topic.DECLARATION_STATUS, *statuses(100, first=400), partition=1)
    bench.load(500)

    assert bench.count("declaration_status") == 500
    assert audit(bench.kafka, bench.clickhouse).clean


@pytest.mark.long
def test_clickhouse_killed_meanwhile_is_waited_for(bench: SinkBench) -> None:
    """While ClickHouse is down, reading continues into bounded buffers; afterwards everything is stored once."""
    options = {"max_buffer_bytes": 200_000, "flush_bytes": 50_000, "insert_timeout_s": 5.0}
    with bench.sink(**options) as monitor:
        bench.send(Topic.DECLARATION_STATUS, *statuses(500))
        eventually(lambda: monitor.progress.records >= 500, "500 records stored")
        bench.server.kill()
        bench.send(Topic.DECLARATION_STATUS, *statuses(3000, first=500))
        eventually(lambda: monitor.progress.paused, "reading is paused")
        bench.server.start()
        eventually(lambda: monitor.progress.records >= 3500, "3500 records stored")

    assert bench.count("declaration_status") == 3500
    assert audit(bench.kafka, bench.clickhouse).clean


@pytest.mark.long
def test_a_new_broker_is_a_new_epoch(bench: SinkBench, tmp_path: Any) -> None:
    """Offsets that start again are neither hidden behind nor mixed with rows of the earlier broker."""
    bench.send(Topic.DECLARATION_STATUS, *statuses(20))
    bench.load(20)
    with EmbeddedBroker(tmp_path) as other:
        bench.kafka = dataclasses.replace(bench.kafka, bootstrap_servers=other.address)
        bench.create_topics()
        changed = status("e3", "CLEARED", MONDAY)
        bench.send(Topic.DECLARATION_STATUS, changed, *statuses(5, first=20))

        bench.load(6)

        report = audit(bench.kafka, bench.clickhouse)
    assert report.clean
    assert report.topics[0].epoch == 2
    assert report.topics[0].records == 6
    assert bench.count("declaration_status") == 25
    assert bench.rows("SELECT status, log_epoch FROM declaration_status FINAL WHERE event_id = 'e3'") == [
        ("CLEARED", 2)
    ]


def test_a_recreated_topic_is_read_from_its_beginning(bench: SinkBench) -> None:
    """A topic deleted and created again gets a new epoch; offsets committed for the old one are ignored."""
    name = Topic.DECLARATION_STATUS.value.name(bench.kafka.topic_prefix)
    bench.send(Topic.DECLARATION_STATUS, *statuses(5))
    bench.load(5)
    admin = AdminClient(dict(bench.kafka.client_config()))
    admin.delete_topics([name])[name].result()
    admin.create_topics([NewTopic(name, 2, 1)])[name].result()
    bench.send(Topic.DECLARATION_STATUS, *statuses(3, first=5))

    bench.load(3)

    assert bench.rows("SELECT log_epoch, count() FROM declaration_status FINAL GROUP BY 1 ORDER BY 1") == [
        (1, 5),
        (2, 3),
    ]


def test_a_new_database_is_filled_from_the_beginning(bench: SinkBench) -> None:
    """Offsets committed for another database are ignored: an empty database gets the whole log."""
    bench.send(Topic.DECLARATION_STATUS, *statuses(30))
    bench.load(30)

    bench.clickhouse = dataclasses.replace(bench.clickhouse, database=f"d{uuid4().hex[:8]}")
    migrate(bench.clickhouse)
    bench.load(30)

    assert bench.count("declaration_status") == 30


def test_a_stopped_sink_goes_on_where_it_committed(bench: SinkBench) -> None:
    """After an orderly stop nothing is read again."""
    bench.send(Topic.DECLARATION_STATUS, *statuses(10))
    bench.load(10)
    bench.send(Topic.DECLARATION_STATUS, *statuses(5, first=10))

    with bench.sink() as monitor:
        bench.eventually_stored(monitor, 5)

    assert monitor.progress.records == 5


@pytest.mark.long
def test_a_quiet_sink_started_again_has_no_lag(bench: SinkBench) -> None:
    """Committed records count as stored, so a night without events makes no sink unhealthy."""
    bench.send(Topic.DECLARATION_STATUS, *statuses(10))
    bench.load(10)
    with bench.sink() as monitor:
        eventually(lambda: sum(monitor.progress.lag.values()) == 0 and bool(monitor.progress.lag), "no lag")
        looked_at = monitor.progress.last_progress_at
        eventually(lambda: monitor.progress.last_progress_at > looked_at, "being idle counts as progress")
    assert monitor.progress.records == 0
