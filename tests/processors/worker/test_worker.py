"""Worker processes on a broker: nothing is lost, doubled or wrongly committed when they start, stop and die."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
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


def seen(bench: WorkerBench) -> list[str]:
    """Texts that have an output."""
    return [record["office"] for record in bench.read(Topic.OFFICE_COUNT)]


def names(*records: Sequence[Record]) -> set[str]:
    """Texts of records."""
    return {value.decode() for some in records for _key, value in some}


def group(bench: WorkerBench, stage: str = "distinct") -> str:
    """The consumer group of a stage."""
    return f"{bench.connection.topic_prefix}{stage}"


@on_both_brokers
def test_all_is_processed_set_aside_and_committed(bench: WorkerBench) -> None:
    """Each output comes once, a poison record becomes one dead letter, and SIGTERM commits everything and exits 0."""
    # given
    bench.create()
    statuses, ratings = texts(3_000), texts(500, word="r")
    poison = (b"key-of-poison", b"poison" + bytes(600_000))
    bench.produce(Topic.DECLARATION_STATUS, [*statuses, poison])
    bench.produce(Topic.RATING, ratings)
    # when
    worker = bench.worker("distinct")
    eventually(lambda: bench.count(Topic.OFFICE_COUNT) >= 3_500 and bench.count(Topic.DEAD_LETTER) == 1, "all outputs")
    exit_status = bench.stop(worker)
    # then
    assert exit_status == 0
    assert sorted(seen(bench)) == sorted(names(statuses, ratings))
    assert sum(bench.committed(group(bench), Topic.DECLARATION_STATUS).values()) == 3_001
    assert sum(bench.committed(group(bench), Topic.RATING).values()) == 500
    (letter,) = bench.read(Topic.DEAD_LETTER)
    assert (letter["key"], letter["reason"], letter["stage"]) == (b"key-of-poison", "CORRUPT", "distinct")
    assert (len(letter["value"]), letter["value_size"]) == (512 * 1024, 600_006)


@on_both_brokers
@pytest.mark.long
def test_nothing_is_lost_while_workers_join_and_leave(bench: WorkerBench) -> None:
    """While events keep coming, a second worker joins, the first leaves, and every event has its output."""
    # given
    bench.create()
    enough = threading.Event()
    sent: list[Record] = []

    def keep_producing() -> None:
        while not enough.wait(0.05):
            some = texts(20, start=len(sent))
            bench.produce(Topic.DECLARATION_STATUS, some[:14])
            bench.produce(Topic.RATING, some[14:])
            sent.extend(some)

    producing = threading.Thread(target=keep_producing)
    producing.start()
    try:
        # when
        first = bench.worker("distinct", MAX_BATCH="50")
        eventually(lambda: bench.count(Topic.OFFICE_COUNT) > 0, "the first worker works")
        second = bench.worker("distinct", MAX_BATCH="50")
        eventually(lambda: bench.says(second, "worker_started") > 0, "the second worker joined")
        left = bench.stop(first)
        eventually(lambda: bench.says(second, "partitions=[0, 1, 2, 3]") > 0, "the second worker took over")
    finally:
        enough.set()
        producing.join()
    eventually(lambda: bench.count(Topic.OFFICE_COUNT) >= len(sent) and names(sent) == set(seen(bench)), "all outputs")
    # then
    assert (left, bench.stop(second)) == (0, 0)
    assert len(seen(bench)) < 1.5 * len(sent), "a rebalance repeats the batches in progress, not everything"
    assert sum(bench.committed(group(bench), Topic.DECLARATION_STATUS).values()) == bench.count(
        Topic.DECLARATION_STATUS
    )


@on_both_brokers
def test_a_killed_worker_loses_nothing(bench: WorkerBench, tmp_path: Path) -> None:
    """After a SIGKILL between publishing and committing, the next worker completes the outputs."""
    # given
    bench.create(partitions=1)
    statuses = texts(2_000)
    bench.produce(Topic.DECLARATION_STATUS, statuses)
    settings = {"DIED": str(tmp_path / "died"), "COMMIT_INTERVAL_S": "60", "MAX_BATCH": "1000"}
    # when
    dead = bench.worker("dying", **settings)
    assert dead.wait(DEADLINE_S) == -9
    assert 0 < bench.count(Topic.OFFICE_COUNT) < 2_000
    assert bench.committed(group(bench), Topic.DECLARATION_STATUS) == {}
    successor = bench.worker("dying", **settings)
    # then
    eventually(lambda: set(seen(bench)) == names(statuses), "all outputs are there")
    assert bench.stop(successor) == 0


def test_a_bug_in_a_stage_stops_the_worker_and_commits_nothing_of_the_batch(bench: WorkerBench) -> None:
    """A batch whose absorb raises is not committed, and the process exits with a failure."""
    # given
    bench.create(partitions=1)
    bench.produce(Topic.DECLARATION_STATUS, [*texts(10), (b"key", b"boom")])
    # when
    worker = bench.worker("distinct", MAX_BATCH="5")
    # then
    assert worker.wait(DEADLINE_S) == 1
    assert bench.committed(group(bench), Topic.DECLARATION_STATUS) == {0: 10}
    assert set(seen(bench)) == names(texts(10))


@pytest.mark.long
def test_a_poisoned_topic_stops_the_worker_and_is_not_drained_by_restarts(bench: WorkerBench) -> None:
    """If every record is poison, the worker exits 1 and says what to check; restarts exit again."""
    # given
    bench.create(1)
    bench.produce(Topic.DECLARATION_STATUS, texts(300))
    worker = bench.worker("distinct")
    eventually(lambda: bench.count(Topic.OFFICE_COUNT) == 300, "all outputs")
    # when
    for start in range(0, 1_000, 40):  # small batches, as from a slow producer
        bench.produce(Topic.DECLARATION_STATUS, texts(40, start, "poison"))
    statuses = [worker.wait(DEADLINE_S)]
    refused = [bench.count(Topic.DEAD_LETTER)]
    for size in ("7", "40"):
        again = bench.worker("distinct", MAX_BATCH=size)
        statuses.append(again.wait(DEADLINE_S))
        refused.append(bench.count(Topic.DEAD_LETTER))
    # then
    assert statuses == [1, 1, 1]
    assert bench.says(worker, "dead_letter_limit_exceeded")
    assert bench.says(worker, "Check the schema (writer) and the version of the producer of this topic")
    letters = bench.read(Topic.DEAD_LETTER)
    assert refused[-1] < 260  # a share of 0.2 of 1,000 records, and part of a batch read again after each start
    assert len({letter["offset"] for letter in letters}) <= 200
    done = bench.committed(group(bench), Topic.DECLARATION_STATUS)[0]
    assert {letter["offset"] for letter in letters if letter["offset"] < done} == set(range(300, done))


def test_a_few_poison_records_among_many_do_not_stop_the_worker(bench: WorkerBench) -> None:
    """If one record in ten is refused, everything is processed and the worker goes on."""
    # given
    bench.create(1)
    mixed = [record for i in range(300) for record in (*texts(9, i * 9), *texts(1, i, "poison"))]
    # when
    bench.produce(Topic.DECLARATION_STATUS, mixed)
    worker = bench.worker("distinct")
    eventually(
        lambda: bench.count(Topic.OFFICE_COUNT) == 2_700 and bench.count(Topic.DEAD_LETTER) == 300, "all outputs"
    )
    # then
    assert worker.poll() is None
    assert bench.stop(worker) == 0


def test_a_restored_view_contains_what_was_done_and_nothing_more(bench: WorkerBench) -> None:
    """A view is restored up to the committed offsets: a later record of the sibling topic still gets its output."""
    # given
    bench.create(partitions=1)
    bench.produce(Topic.DECLARATION_STATUS, texts(10))
    bench.produce(Topic.RATING, texts(10, word="r"))
    bench.commit(group(bench), Topic.DECLARATION_STATUS, 0, 10)
    bench.commit(group(bench), Topic.RATING, 0, 4)
    # when
    bench.produce(Topic.DECLARATION_STATUS, [*texts(10), (b"key", b"new")])
    worker = bench.worker("distinct")
    eventually(lambda: bench.count(Topic.OFFICE_COUNT) >= 7, "the outputs are there")
    assert bench.stop(worker) == 0
    # then
    assert sorted(seen(bench)) == sorted(names(texts(6, start=4, word="r")) | {"new"})


def test_a_worker_that_died_goes_on_from_its_snapshot(bench: WorkerBench, tmp_path: Path) -> None:
    """After a SIGKILL the view starts at the snapshot, replays only the log after it, and repeats no output."""
    # given
    bench.create(partitions=1)
    snapshots = tmp_path / "snapshots"
    first = bench.worker("restorable", SNAPSHOTS=str(snapshots))
    bench.produce(Topic.RATING, [(b"k", b"a%d" % n) for n in range(3000)])
    eventually(lambda: bench.count(Topic.OFFICE_COUNT) == 3000, "all outputs of the first worker")
    eventually(lambda: any(snapshots.glob("*.npz")), "a snapshot")
    bench.produce(Topic.RATING, [(b"k", b"b%d" % n) for n in range(200)])
    eventually(lambda: bench.committed(group(bench), Topic.RATING) == {0: 3200}, "the commit")
    # when
    first.kill()
    second = bench.worker("restorable", SNAPSHOTS=str(snapshots))
    bench.produce(Topic.RATING, [(b"k", b"a7"), (b"k", b"b7"), (b"k", b"c")])
    eventually(lambda: bench.count(Topic.OFFICE_COUNT) == 3201, "the one new output")
    # then
    assert bench.stop(second) == 0
    rebuilt = re.search(r"view_rebuilt .*from_log=(\d+).*from_snapshot=(\d+)", bench.logs[second.pid].read_text())
    assert rebuilt is not None
    from_log, from_snapshot = map(int, rebuilt.groups())
    assert (from_snapshot >= 1000, from_log + from_snapshot) == (True, 3200)
    assert bench.count(Topic.OFFICE_COUNT) == 3201


def test_time_advances_for_partitions_that_get_no_batch(bench: WorkerBench) -> None:
    """With everything committed, views are restored and follow the wall clock, and no output is repeated."""
    # given
    bench.create(partitions=2)
    for partition in (0, 1):
        bench.produce(Topic.DECLARATION_STATUS, texts(10 + partition), partition)
        bench.commit(group(bench, "distinct"), Topic.DECLARATION_STATUS, partition, 10 + partition)
    # when
    worker = bench.worker("clocked", IDLE_ADVANCE_S="1")
    eventually(lambda: bench.count(Topic.OFFICE_COUNT) >= 2, "both partitions advanced")
    # then
    assert bench.stop(worker) == 0
    assert sorted(seen(bench)) == ["advanced:10", "advanced:11"]


@on_both_brokers
def test_a_recreated_topic_is_read_from_its_beginning(bench: WorkerBench) -> None:
    """A worker stops when its topic is deleted and recreated; the next worker reads all of the new topic."""
    # given
    bench.create(partitions=1)
    bench.produce(Topic.DECLARATION_STATUS, texts(50))
    worker = bench.worker("distinct", IDENTITY_CHECK_S="0.5")
    eventually(lambda: bench.committed(group(bench), Topic.DECLARATION_STATUS) == {0: 50}, "the commit")
    # when
    name = bench.name(Topic.DECLARATION_STATUS)
    bench.admin.delete_topics([name])[name].result()
    bench.create_one(Topic.DECLARATION_STATUS, 1)
    bench.produce(Topic.DECLARATION_STATUS, texts(10, word="new"))
    # then
    assert worker.wait(DEADLINE_S) == 1
    successor = bench.worker("distinct")
    eventually(lambda: set(seen(bench)) == names(texts(50), texts(10, word="new")), "all outputs")
    assert bench.stop(successor) == 0


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_refused_credentials_are_reported_at_once(bench: WorkerBench, mechanism: str) -> None:
    """Credentials that the broker does not accept are a SystemFault, not a broker to wait for; no secret is shown."""
    sasl: dict[str, Any] = {"sasl_mechanism": mechanism, "sasl_username": "u", "sasl_password": "a secret"}
    with pytest.raises(SystemFault, match="refused our credentials") as refusal:
        describe_names(replace(bench.connection, security_protocol="SASL_PLAINTEXT", **sasl), [], 10)
    assert "a secret" not in str(refusal.value)


@pytest.mark.long
def test_a_stage_rests_after_a_costly_batch(bench: WorkerBench) -> None:
    """The next batch begins no sooner than twice the time that a costly one took: meanwhile records gather."""
    bench.create(partitions=1)
    bench.worker("costly")

    def several_batches() -> list[str]:
        bench.produce(Topic.DECLARATION_STATUS, texts(1))
        found = seen(bench)
        return found if len(found) >= 4 else []

    spans = [tuple(map(int, text.split())) for text in eventually(several_batches, "four batches")]
    for (began, ended), (following, _ended) in pairwise(spans):
        assert following - ended >= 2 * (ended - began) - 10  # both are cut to milliseconds
