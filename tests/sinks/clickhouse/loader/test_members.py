"""Sinks as members of a consumer group of Apache Kafka: shared, killed, frozen, renamed, and with servers away."""

from __future__ import annotations

import dataclasses
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # its type information lacks it
from confluent_kafka.cimpl import NewTopic
from support.clickhouse_server import ClickHouseServer
from support.events import at, status
from support.extras import needs_kafka
from support.kafka_cluster import KafkaCluster
from support.polling import DEADLINE_S, eventually
from support.proxy import Fault, Proxy
from support.sink_bench import SinkBench, SinkProcess, new_sink_bench

from schemas.records.dead_letters import DeadLetter
from schemas.topics import Topic
from sinks.audit.run import audit

pytestmark = [pytest.mark.servers, needs_kafka]

MONDAY = at("2020-05-11 08:00")
MIB = 1 << 20
ASSIGNED = "partitions_assigned"
IMPATIENT = {"max.poll.interval.ms": 3000}
"""A member that does not poll for 3 s is expelled from the group: longer waits must not happen between polls."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """An Apache Kafka for this module alone, which may stop it."""
    with KafkaCluster(tmp_path_factory.mktemp("kafka")) as found:
        yield found


@pytest.fixture
def bench(clickhouse_server: ClickHouseServer, cluster: KafkaCluster) -> Iterator[SinkBench]:
    """Empty topics on Apache Kafka and an empty database."""
    found = new_sink_bench(clickhouse_server, cluster.bootstrap_servers)
    found.kafka = dataclasses.replace(found.kafka, session_timeout_ms=3_000)  # not longer than IMPATIENT's interval
    yield found
    found.drop()


def statuses(count: int, first: int = 0) -> list[Any]:
    """Registrations with ids of their own."""
    return [status(f"e{n}", "REGISTERED", MONDAY + n) for n in range(first, first + count)]


def members(bench: SinkBench) -> set[str]:
    """Ids of the group's members."""
    group = bench.options.group
    return {member.member_id for member in bench.admin.describe_consumer_groups([group])[group].result().members}


def produced(bench: SinkBench) -> int:
    """How many statuses there are in Kafka."""
    name = Topic.DECLARATION_STATUS.value.name(bench.kafka.topic_prefix)
    latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # as above
    ends = bench.admin.list_offsets({TopicPartition(name, number): latest for number in range(2)})
    return sum(future.result().offset for future in ends.values())


def settled(bench: SinkBench) -> bool:
    """Whether everything that was produced is committed."""
    return bool(bench.committed() == produced(bench))


def test_two_share_and_one_is_killed(bench: SinkBench, sinks: Callable[..., SinkProcess]) -> None:
    """A second sink joins while the first inserts, then the first is killed: every row is there once."""
    sent, stop = list[int](), threading.Event()

    def feed() -> None:
        while not stop.is_set():
            bench.send(Topic.DECLARATION_STATUS, *statuses(200, first=len(sent) * 200), partition=len(sent) % 2)
            sent.append(1)

    one = sinks(bench, "one")
    eventually(lambda: one.says(ASSIGNED) == 1, "the first has all partitions")
    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        two = sinks(bench, "two")
        eventually(lambda: two.says(ASSIGNED) == 1 and one.says(ASSIGNED) == 2, "both share")
        reached = bench.count("declaration_status")
        eventually(lambda: bench.count("declaration_status") > reached + 1000, "both insert")
        one.end(signal.SIGKILL)
        eventually(lambda: two.says(ASSIGNED) == 2, "the second has all partitions")
    finally:
        stop.set()
        feeder.join()
    eventually(lambda: settled(bench), "all is committed")

    assert two.end() == 0
    assert bench.count("declaration_status") == len(sent) * 200 == produced(bench)
    assert audit(bench.kafka, bench.clickhouse).clean


def test_a_named_sink_restarts_without_a_rebalance_and_is_unique(
    bench: SinkBench, sinks: Callable[..., SinkProcess]
) -> None:
    """A restart within the session time-out moves no partition; a second sink of the same name stops the first."""
    bench.kafka = dataclasses.replace(bench.kafka, session_timeout_ms=20_000)
    one = sinks(bench, "one", group_instance_id="a")
    eventually(lambda: one.says(ASSIGNED) == 1, "the first has all partitions")
    other = sinks(bench, "other", group_instance_id="b")
    eventually(lambda: (one.says(ASSIGNED), other.says(ASSIGNED)) == (2, 1), "both share")

    assert one.end() == 0
    bench.send(Topic.DECLARATION_STATUS, *statuses(100), partition=0)
    bench.send(Topic.DECLARATION_STATUS, *statuses(100, first=100), partition=1)
    again = sinks(bench, "again", group_instance_id="a")
    eventually(lambda: settled(bench), "all is committed")
    assert again.says(ASSIGNED) == 1
    assert other.says(ASSIGNED) == 1

    twin = sinks(bench, "twin", group_instance_id="a")
    assert again.process.wait(DEADLINE_S) == 1
    assert "two sinks must not have the same HAILONG_SINK_GROUP_INSTANCE_ID" in again.log
    bench.send(Topic.DECLARATION_STATUS, *statuses(100, first=200), partition=0)
    bench.send(Topic.DECLARATION_STATUS, *statuses(100, first=300), partition=1)
    eventually(lambda: settled(bench), "all is committed")
    assert (twin.end(), other.end()) == (0, 0)
    assert bench.count("declaration_status") == 400


def test_a_frozen_sink_that_wakes_up_changes_nothing(bench: SinkBench, sinks: Callable[..., SinkProcess]) -> None:
    """SIGSTOP for longer than the session, within an insert: its late insert adds no row, its commit is not taken."""
    bench.send(Topic.DECLARATION_STATUS, *statuses(2000))
    with Proxy(bench.clickhouse.port, b"insert_deduplication_token").running() as proxy:
        proxy.arm(Fault.CUT, after=60_000)
        there = dataclasses.replace(bench, clickhouse=dataclasses.replace(bench.clickhouse, port=proxy.port))
        # It pauses for 5 s before it repeats the block: that is when it is frozen.
        frozen = sinks(there, "frozen", flush_interval_s=1.0, retry_initial_s=5.0, retry_max_s=5.0)
        eventually(lambda: frozen.says("insert_will_be_repeated") == 1, "its insert is cut")
        frozen.send_signal(signal.SIGSTOP)
        other = sinks(bench, "other")
        eventually(lambda: settled(bench), "the other has stored all")
        bench.send(Topic.DECLARATION_STATUS, *statuses(100, first=2000))
        eventually(lambda: settled(bench), "and more")
        late = len(proxy.statements)

        frozen.send_signal(signal.SIGCONT)
        eventually(lambda: len(proxy.statements) > late, "the late insert")
        eventually(lambda: frozen.says("partitions_lost") == 1, "it learns that it was put out")
        eventually(lambda: len(members(bench)) == 2, "it is back")
        assert settled(bench)
        assert (frozen.end(), other.end()) == (0, 0)

    assert settled(bench)
    assert bench.count("declaration_status") == 2100
    assert audit(bench.kafka, bench.clickhouse).clean


def test_kafka_away_is_waited_for(bench: SinkBench, sinks: Callable[..., SinkProcess], cluster: KafkaCluster) -> None:
    """The broker is killed and comes back: the sink continues. Stopped while the broker is away, it ends in time."""
    bench.send(Topic.DECLARATION_STATUS, *statuses(100))
    sink = sinks(bench, "sink")
    eventually(lambda: bench.committed() == 100, "all is committed")
    cluster.kill(0)
    eventually(lambda: sink.says("kafka_error") > 0, "it notices")
    cluster.start(0)
    cluster.wait_ready()
    bench.send(Topic.DECLARATION_STATUS, *statuses(100, first=100), partition=1)
    eventually(lambda: bench.committed() == 200, "all is committed")
    assert sink.end() == 0

    last = sinks(bench, "last", commit_interval_s=3600.0)
    bench.send(Topic.DECLARATION_STATUS, *statuses(100, first=200), partition=1)
    eventually(lambda: bench.count("declaration_status") == 300, "all is stored")
    cluster.kill(0)
    try:
        started = time.monotonic()
        assert last.end() == 0
        took = time.monotonic() - started
    finally:
        cluster.start(0)
        cluster.wait_ready()
    assert took < 30
    eventually(lambda: bench.committed() == 200, "what was committed before is known again")


def test_clickhouse_away_at_an_assignment_is_waited_for(bench: SinkBench, sinks: Callable[..., SinkProcess]) -> None:
    """A sink that cannot learn where to begin stays in the group, longer than the poll interval, and then begins."""
    bench.send(Topic.DECLARATION_STATUS, *statuses(100))
    sink = sinks(bench, "sink", IMPATIENT)
    eventually(lambda: settled(bench), "all is committed")
    name = Topic.RATING.value.name(bench.kafka.topic_prefix)
    admin = bench.admin
    bench.server.kill()
    try:
        sink.send_signal(signal.SIGSTOP)
        eventually(lambda: not members(bench), "it is put out")
        admin.delete_topics([name])[name].result()
        eventually(lambda: name not in admin.list_topics(timeout=DEADLINE_S).topics, "the topic is gone")
        # ClickHouse does not know the new log: only it can say under which number it goes.
        admin.create_topics([NewTopic(name, 2, 1)])[name].result()
        sink.send_signal(signal.SIGCONT)
        eventually(lambda: sink.says("partitions_wait_for_their_beginning") > 2, "it waits")
        known = members(bench)
        time.sleep(4)  # longer than the poll interval: the promise is about time
        assert members(bench) == known
        assert sink.says("MAX_POLL_EXCEEDED") == 0
    finally:
        bench.server.start()
    bench.send(Topic.DECLARATION_STATUS, *statuses(100, first=100))
    eventually(lambda: bench.count("declaration_status") == 200, "all is stored")
    assert sink.end() == 0


def letters(count: int, size: int, first: int) -> list[DeadLetter]:
    """Dead letters with large values, which ClickHouse does not keep; they are compressed to a tenth."""
    given = random.Random(first)
    return [
        DeadLetter(
            f"00000000-0000-5000-8000-{n:012d}", "sink", "t", "c/t", 0, n, 1, "CORRUPT", "", 1, None,
            given.randbytes(size // 10) + bytes(size * 9 // 10), size,
        )
        for n in range(first, first + count)
    ]  # fmt: skip


def test_memory_stays_bounded_while_clickhouse_is_away(bench: SinkBench, sinks: Callable[..., SinkProcess]) -> None:
    """180 MB arrive while ClickHouse is down: the sink pauses, stays small and in its group, and then stores all."""
    sink = sinks(bench, "sink", IMPATIENT, max_buffer_bytes=16 * MIB, flush_bytes=4 * MIB)
    bench.send(Topic.DECLARATION_STATUS, *statuses(2000))
    eventually(lambda: settled(bench), "all is committed")
    known, before, away, after = members(bench), sink.resident, [], []
    bench.server.kill()
    try:
        for first in range(0, 1800, 300):
            bench.send(Topic.DEAD_LETTER, *letters(300, 100_000, first), partition=first % 2)
            away.append(sink.resident)
        bench.send(Topic.DECLARATION_STATUS, *statuses(20_000, first=2000))
        eventually(lambda: sink.says("reading_paused") > 0, "reading is paused")
        seen = time.monotonic()
        while time.monotonic() < seen + 4:
            away.append(sink.resident)
            time.sleep(0.05)  # between two looks at its size
        assert members(bench) == known
    finally:
        bench.server.start()

    def stored() -> bool:
        after.append(sink.resident)
        return bench.committed(Topic.DEAD_LETTER) >= 1800 and settled(bench)

    eventually(stored, "everything is stored")
    # Our buffer, librdkafka's, one answer of the broker unpacked, and one insert; 180 MB came.
    assert max(away) - before < 64 * MIB
    assert max(after) - before < 128 * MIB
    assert members(bench) == known
    assert sink.end() == 0
    assert bench.count("dead_letter") == 1800
    assert bench.count("declaration_status") == 22_000
