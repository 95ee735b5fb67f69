"""Worker processes on a broker: nothing is lost, doubled or wrongly committed when they start, stop and die."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.brokers import on_both_brokers
from support.polling import DEADLINE_S, eventually
from support.worker_bench import WorkerBench

from schemas.errors import SystemFault
from schemas.kafka.topic_metadata import describe_names
from schemas.topics import Topic

pytestmark = pytest.mark.servers

Record = tuple[bytes, bytes]


def texts(count: int, start: int = 0, word: str = "e") -> list[Record]:
    """Records with text values."""
    return [(f"key-{i}".encode(), f"{word}-{i}".encode()) for i in range(start, start + count)]


def seen(world: WorkerBench) -> list[str]:
    """Texts that have an output."""
    return [record["office"] for record in world.read(Topic.OFFICE_COUNT)]


def names(*records: Sequence[Record]) -> set[str]:
    """Texts of records."""
    return {value.decode() for some in records for _key, value in some}


def group(world: WorkerBench, stage: str = "distinct") -> str:
    """The consumer group of a stage."""
    return f"{world.connection.topic_prefix}{stage}"


@on_both_brokers
def test_all_is_processed_set_aside_and_committed(world: WorkerBench) -> None:
    """Each output comes once, a poison record becomes one dead letter, and SIGTERM commits everything and exits 0."""
    # given
    world.create()
    statuses, ratings = texts(3_000), texts(500, word="r")
    poison = (b"key-of-poison", b"poison" + bytes(600_000))
    world.produce(Topic.DECLARATION_STATUS, [*statuses, poison])
    world.produce(Topic.RATING, ratings)
    # when
    worker = world.worker("distinct")
    eventually(lambda: world.count(Topic.OFFICE_COUNT) >= 3_500 and world.count(Topic.DEAD_LETTER) == 1, "all outputs")
    exit_status = world.stop(worker)
    # then
    assert exit_status == 0
    assert sorted(seen(world)) == sorted(names(statuses, ratings))
    assert sum(world.committed(group(world), Topic.DECLARATION_STATUS).values()) == 3_001
    assert sum(world.committed(group(world), Topic.RATING).values()) == 500
    (letter,) = world.read(Topic.DEAD_LETTER)
    assert (letter["key"], letter["reason"], letter["stage"]) == (b"key-of-poison", "CORRUPT", "distinct")
    assert (len(letter["value"]), letter["value_size"]) == (512 * 1024, 600_006)


@on_both_brokers
def test_nothing_is_lost_while_workers_join_and_leave(world: WorkerBench) -> None:
    """While events keep coming, a second worker joins, the first leaves, and every event has its output."""
    # given
    world.create()
    enough = threading.Event()
    sent: list[Record] = []

    def keep_producing() -> None:
        while not enough.wait(0.05):
            some = texts(20, start=len(sent))
            world.produce(Topic.DECLARATION_STATUS, some[:14])
            world.produce(Topic.RATING, some[14:])
            sent.extend(some)

    producing = threading.Thread(target=keep_producing)
    producing.start()
    try:
        # when
        first = world.worker("distinct", MAX_BATCH="50")
        eventually(lambda: world.count(Topic.OFFICE_COUNT) > 0, "the first worker works")
        second = world.worker("distinct", MAX_BATCH="50")
        eventually(lambda: world.says(second, "worker_started") > 0, "the second worker joined")
        left = world.stop(first)
        eventually(lambda: world.says(second, "partitions=[0, 1, 2, 3]") > 0, "the second worker took over")
    finally:
        enough.set()
        producing.join()
    eventually(lambda: world.count(Topic.OFFICE_COUNT) >= len(sent) and names(sent) == set(seen(world)), "all outputs")
    # then
    assert (left, world.stop(second)) == (0, 0)
    assert len(seen(world)) < 1.5 * len(sent), "a rebalance repeats the batches in progress, not everything"
    assert sum(world.committed(group(world), Topic.DECLARATION_STATUS).values()) == world.count(
        Topic.DECLARATION_STATUS
    )


@on_both_brokers
def test_a_killed_worker_loses_nothing(world: WorkerBench, tmp_path: Path) -> None:
    """After a SIGKILL between publishing and committing, the next worker completes the outputs."""
    # given
    world.create(partitions=1)
    statuses = texts(2_000)
    world.produce(Topic.DECLARATION_STATUS, statuses)
    settings = {"DIED": str(tmp_path / "died"), "COMMIT_INTERVAL_S": "60", "MAX_BATCH": "1000"}
    # when
    dead = world.worker("dying", **settings)
    assert dead.wait(DEADLINE_S) == -9
    assert 0 < world.count(Topic.OFFICE_COUNT) < 2_000
    assert world.committed(group(world), Topic.DECLARATION_STATUS) == {}
    successor = world.worker("dying", **settings)
    # then
    eventually(lambda: set(seen(world)) == names(statuses), "all outputs are there")
    assert world.stop(successor) == 0


def test_a_bug_in_a_stage_stops_the_worker_and_commits_nothing_of_the_batch(world: WorkerBench) -> None:
    """A batch whose absorb raises is not committed, and the process exits with a failure."""
    # given
    world.create(partitions=1)
    world.produce(Topic.DECLARATION_STATUS, [*texts(10), (b"key", b"boom")])
    # when
    worker = world.worker("distinct", MAX_BATCH="5")
    # then
    assert worker.wait(DEADLINE_S) == 1
    assert world.committed(group(world), Topic.DECLARATION_STATUS) == {0: 10}
    assert set(seen(world)) == names(texts(10))


def test_a_poisoned_topic_stops_the_worker_and_is_not_drained_by_restarts(world: WorkerBench) -> None:
    """If every record is poison, the worker exits 1 and says what to check; restarts exit again."""
    # given
    world.create(1)
    world.produce(Topic.DECLARATION_STATUS, texts(300))
    worker = world.worker("distinct")
    eventually(lambda: world.count(Topic.OFFICE_COUNT) == 300, "all outputs")
    # when
    for start in range(0, 1_000, 40):  # small batches, as from a slow producer
        world.produce(Topic.DECLARATION_STATUS, texts(40, start, "poison"))
    statuses = [worker.wait(DEADLINE_S)]
    refused = [world.count(Topic.DEAD_LETTER)]
    for size in ("7", "40"):
        again = world.worker("distinct", MAX_BATCH=size)
        statuses.append(again.wait(DEADLINE_S))
        refused.append(world.count(Topic.DEAD_LETTER))
    # then
    assert statuses == [1, 1, 1]
    assert world.says(worker, "dead_letter_limit_exceeded")
    assert world.says(worker, "Check the schema (writer) and the version of the producer of this topic")
    letters = world.read(Topic.DEAD_LETTER)
    assert refused[-1] < 260  # a share of 0.2 of 1,000 records, and part of a batch read again after each start
    assert len({letter["offset"] for letter in letters}) <= 200
    done = world.committed(group(world), Topic.DECLARATION_STATUS)[0]
    assert {letter["offset"] for letter in letters if letter["offset"] < done} == set(range(300, done))


def test_a_few_poison_records_among_many_do_not_stop_the_worker(world: WorkerBench) -> None:
    """If one record in ten is refused, everything is processed and the worker goes on."""
    # given
    world.create(1)
    mixed = [record for i in range(300) for record in (*texts(9, i * 9), *texts(1, i, "poison"))]
    # when
    world.produce(Topic.DECLARATION_STATUS, mixed)
    worker = world.worker("distinct")
    eventually(
        lambda: world.count(Topic.OFFICE_COUNT) == 2_700 and world.count(Topic.DEAD_LETTER) == 300, "all outputs"
    )
    # then
    assert worker.poll() is None
    assert world.stop(worker) == 0


def test_a_restored_view_contains_what_was_done_and_nothing_more(world: WorkerBench) -> None:
    """A view is restored up to the committed offsets: a later record of the sibling topic still gets its output."""
    # given
    world.create(partitions=1)
    world.produce(Topic.DECLARATION_STATUS, texts(10))
    world.produce(Topic.RATING, texts(10, word="r"))
    world.commit(group(world), Topic.DECLARATION_STATUS, 0, 10)
    world.commit(group(world), Topic.RATING, 0, 4)
    # when
    world.produce(Topic.DECLARATION_STATUS, [*texts(10), (b"key", b"new")])
    worker = world.worker("distinct")
    eventually(lambda: world.count(Topic.OFFICE_COUNT) >= 7, "the outputs are there")
    assert world.stop(worker) == 0
    # then
    assert sorted(seen(world)) == sorted(names(texts(6, start=4, word="r")) | {"new"})


def test_a_worker_that_died_goes_on_from_its_snapshot(world: WorkerBench, tmp_path: Path) -> None:
    """After a SIGKILL the view starts at the snapshot, replays only the log after it, and repeats no output."""
    # given
    world.create(partitions=1)
    snapshots = tmp_path / "snapshots"
    first = world.worker("restorable", SNAPSHOTS=str(snapshots))
    world.produce(Topic.RATING, [(b"k", b"a%d" % n) for n in range(3000)])
    eventually(lambda: world.count(Topic.OFFICE_COUNT) == 3000, "all outputs of the first worker")
    eventually(lambda: any(snapshots.glob("*.npz")), "a snapshot")
    world.produce(Topic.RATING, [(b"k", b"b%d" % n) for n in range(200)])
    eventually(lambda: world.committed(group(world), Topic.RATING) == {0: 3200}, "the commit")
    # when
    first.kill()
    second = world.worker("restorable", SNAPSHOTS=str(snapshots))
    world.produce(Topic.RATING, [(b"k", b"a7"), (b"k", b"b7"), (b"k", b"c")])
    eventually(lambda: world.count(Topic.OFFICE_COUNT) == 3201, "the one new output")
    # then
    assert world.stop(second) == 0
    rebuilt = re.search(r"view_rebuilt .*from_log=(\d+).*from_snapshot=(\d+)", world.logs[second.pid].read_text())
    assert rebuilt is not None
    from_log, from_snapshot = map(int, rebuilt.groups())
    assert (from_snapshot >= 1000, from_log + from_snapshot) == (True, 3200)
    assert world.count(Topic.OFFICE_COUNT) == 3201


def test_time_advances_for_partitions_that_get_no_batch(world: WorkerBench) -> None:
    """With everything committed, views are restored and follow the wall clock, and no output is repeated."""
    # given
    world.create(partitions=2)
    for partition in (0, 1):
        world.produce(Topic.DECLARATION_STATUS, texts(10 + partition), partition)
        world.commit(group(world, "distinct"), Topic.DECLARATION_STATUS, partition, 10 + partition)
    # when
    worker = world.worker("clocked", IDLE_ADVANCE_S="1")
    eventually(lambda: world.count(Topic.OFFICE_COUNT) >= 2, "both partitions advanced")
    # then
    assert world.stop(worker) == 0
    assert sorted(seen(world)) == ["advanced:10", "advanced:11"]


@on_both_brokers
def test_a_recreated_topic_is_read_from_its_beginning(world: WorkerBench) -> None:
    """A worker stops when its topic is deleted and recreated; the next worker reads all of the new topic."""
    # given
    world.create(partitions=1)
    world.produce(Topic.DECLARATION_STATUS, texts(50))
    worker = world.worker("distinct", IDENTITY_CHECK_S="0.5")
    eventually(lambda: world.committed(group(world), Topic.DECLARATION_STATUS) == {0: 50}, "the commit")
    # when
    name = world.name(Topic.DECLARATION_STATUS)
    world.admin.delete_topics([name])[name].result()
    world.create_one(Topic.DECLARATION_STATUS, 1)
    world.produce(Topic.DECLARATION_STATUS, texts(10, word="new"))
    # then
    assert worker.wait(DEADLINE_S) == 1
    successor = world.worker("distinct")
    eventually(lambda: set(seen(world)) == names(texts(50), texts(10, word="new")), "all outputs")
    assert world.stop(successor) == 0


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_refused_credentials_are_reported_at_once(world: WorkerBench, mechanism: str) -> None:
    """Credentials that the broker does not accept are a SystemFault, not a broker to wait for; no secret is shown."""
    sasl: dict[str, Any] = {"sasl_mechanism": mechanism, "sasl_username": "u", "sasl_password": "a secret"}
    with pytest.raises(SystemFault, match="refused our credentials") as refusal:
        describe_names(replace(world.connection, security_protocol="SASL_PLAINTEXT", **sasl), [], 10)
    assert "a secret" not in str(refusal.value)
