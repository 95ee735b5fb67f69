"""How fast views are rebuilt: from the log, from snapshots, and in another worker after a SIGKILL.

On an Apache Kafka that this script starts, filled with as many declarations as Hai Phong clears in 90 days:

* log: one process rebuilds the views of all partitions of the stage `join` from the log
* snapshot: the same from snapshots
* takeover: one of two `hailong worker` is killed while a few events arrive; measures the time until its partitions are
  served again, that is, until the group has committed records written after the kill; once with a shared snapshot
  directory, once without snapshots

Result: var/bench/recovery.json. `--scale 0.1` gives a quick impression.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import structlog
from confluent_kafka import ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # its type information lacks it
from support.kafka_cluster import KafkaCluster

from benchmarks.producing import produce
from deploy.admin.topics import ensure_topics
from deploy.local.supervisor.child import bound_command
from processors.domain.join.policy import JoinPolicy
from processors.stages.catalogue import JOIN
from processors.stages.join import JoinStage
from processors.stages.reference_policies import reference_context
from processors.worker.state.partition_views import View
from processors.worker.state.restore import ViewRestorer
from processors.worker.state.snapshot_store import SnapshotStore
from producers.simulator import Haiphong2020
from producers.simulator.volume_plan import SMALLEST_SCALE
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.group_lag import GroupLag
from schemas.kafka.topic_metadata import describe_names
from schemas.topics import Topic

PARTITIONS = 4
SESSION_TIMEOUT_S = 6.0
HAI_PHONG_90_DAYS = 700_000
"""Declarations: 11,000 per working day on 64 working days."""
SIMULATED = 151_617
"""Declarations of the simulated period."""
RESULT = Path(__file__).resolve().parents[1] / "var" / "bench" / "recovery.json"


def fill(connection: KafkaConnection, declarations: float) -> int:
    """Write copies of the simulated period under different declaration numbers; returns the number of status events."""
    producer, statuses = Producer(connection.producer_config()), 0
    names = {topic: topic.value.name(connection.topic_prefix) for topic in Topic}
    for copy in range(9):
        scale = min(1.0, declarations / SIMULATED - copy)
        if scale < SMALLEST_SCALE:
            break
        for simulated in Haiphong2020(seed=3, scale=scale).batches():
            for topic, key, value in zip(simulated.topics, simulated.keys, simulated.values, strict=True):
                number = key[:1] + b"%d" % copy + key[2:] if key else key
                produce(producer, names[topic], number, value.replace(key, number) if key else value)
                statuses += topic is Topic.DECLARATION_STATUS
            producer.poll(0)
    assert producer.flush(120) == 0
    return statuses


class Partitions:
    """Offsets and members of the input partitions of the stage `join`, as the broker knows them."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._admin = AdminClient(dict(connection.client_config()))
        self.topics = {topic.value.name(connection.topic_prefix): topic for topic in JOIN.inputs}

    def all(self) -> list[TopicPartition]:
        """All input partitions."""
        return [TopicPartition(name, number) for name in self.topics for number in range(PARTITIONS)]

    def ends(self) -> dict[tuple[str, int], int]:
        """End offset of each partition."""
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # it has no type information
        futures = self._admin.list_offsets(dict.fromkeys(self.all(), latest))
        return {(tp.topic, tp.partition): future.result().offset for tp, future in futures.items()}

    def committed(self, group: str) -> dict[tuple[str, int], int]:
        """Committed offset of a group on each partition."""
        request = ConsumerGroupTopicPartitions(group, self.all())
        found = self._admin.list_consumer_group_offsets([request])[group].result()
        return {(tp.topic, tp.partition): tp.offset for tp in found.topic_partitions}

    def members(self, group: str) -> dict[str, set[tuple[str, int]]]:
        """Assigned partitions of each member of a group."""
        found = self._admin.describe_consumer_groups([group])[group].result()
        return {
            member.member_id: {(tp.topic, tp.partition) for tp in member.assignment.topic_partitions}
            for member in found.members
        }


def rebuilds(connection: KafkaConnection, directory: Path) -> dict[str, Any]:
    """Rebuild from the log and from snapshots, one partition after the other, in this process."""
    stage, interrupted = JoinStage(JoinPolicy(), reference_context()), threading.Event()
    partitions, prefix = Partitions(connection), connection.topic_prefix
    ends = partitions.ends()
    facts = describe_names(connection, list(partitions.topics), 10)
    identities = {topic: facts[name].identity for name, topic in partitions.topics.items()}
    store = SnapshotStore(directory, stage, identities)
    log = snapshots = 0.0
    records = 0
    for number in range(PARTITIONS):
        bounds = {topic: ends[topic.value.name(prefix), number] for topic in stage.inputs}
        started = time.perf_counter()
        view = ViewRestorer(connection, stage, interrupted).restore(number, bounds)
        log += time.perf_counter() - started
        records += view.records
        store.save(view.take_snapshot(number))
        known = known_statuses(view)
        del view
        started = time.perf_counter()
        again = ViewRestorer(connection, stage, interrupted, store).restore(number, bounds)
        snapshots += time.perf_counter() - started
        assert known_statuses(again) == known
        del again
    return {
        "records": records,
        "from_log_seconds": round(log, 2),
        "from_log_records_per_second": round(records / log),
        "from_snapshot_seconds": round(snapshots, 2),
        "snapshot_bytes": sum(path.stat().st_size for path in directory.iterdir()),
        "ratio": round(log / snapshots, 1),
    }


def known_statuses(view: View) -> int:
    """Number of status rows in the snapshot of a view."""
    return sum(len(array) for name, array in view.take_snapshot(0).arrays.items() if name.startswith("statuses.run"))


@contextmanager
def worker(connection: KafkaConnection, log: Path, snapshots: Path | None) -> Iterator[subprocess.Popen[bytes]]:
    """Run `hailong worker`, and kill it at the end."""
    settings = {
        "HAILONG_KAFKA_BOOTSTRAP_SERVERS": connection.bootstrap_servers,
        "HAILONG_KAFKA_SESSION_TIMEOUT_MS": str(int(SESSION_TIMEOUT_S * 1000)),
        "HAILONG_KAFKA_TOPIC_PREFIX": connection.topic_prefix,
        "HAILONG_WORKER_GROUP_PREFIX": f"{log.parent.name}.",
        "HAILONG_WORKER_IDLE_ADVANCE_S": "0",
        "HAILONG_WORKER_SNAPSHOT_INTERVAL_S": "15",
        "HAILONG_HTTP_PORT": "0",
    }
    if snapshots is not None:
        settings["HAILONG_WORKER_SNAPSHOT_DIRECTORY"] = str(snapshots)
    with log.open("ab") as output:
        command = [sys.executable, "-m", "deploy.cli.main", "worker"]
        # The worker ends with this process, so that an interrupted measurement leaves no workers behind.
        process = subprocess.Popen(bound_command(command), env={**os.environ, **settings}, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def trickle(connection: KafkaConnection, stop: threading.Event) -> None:
    """Publish a few status events per second on every partition, until stopped."""
    producer, number = Producer(connection.producer_config()), 0
    batches = Haiphong2020(seed=4, scale=0.2).batches()
    name = Topic.DECLARATION_STATUS.value.name(connection.topic_prefix)
    for simulated in batches:
        for topic, key, value in zip(simulated.topics, simulated.keys, simulated.values, strict=True):
            if topic is not Topic.DECLARATION_STATUS:
                continue
            producer.produce(name, key=key, value=value)
            number += 1
            if number % 50 == 0:
                producer.flush(10)
                if stop.wait(0.1):
                    return


def takeover(connection: KafkaConnection, directory: Path, *, snapshots: bool) -> dict[str, Any]:
    """Kill one of two workers; measure the time until its partitions are served again."""
    directory.mkdir()
    group, partitions = f"{directory.name}.join", Partitions(connection)
    shared = directory / "snapshots" if snapshots else None
    stop = threading.Event()
    with ExitStack() as stack:
        first = stack.enter_context(worker(connection, directory / "first.log", shared))
        wait_until(lambda: first.poll() is not None or behind(connection, group) < 2_000, 600)
        assert first.poll() is None, (directory / "first.log").read_text()[-1000:]
        second = stack.enter_context(worker(connection, directory / "second.log", shared))
        wait_until(lambda: sorted(len(one) for one in partitions.members(group).values()) == [4, 4], 120)
        load = threading.Thread(target=trickle, args=(connection, stop))
        load.start()
        try:
            wait_until(lambda: behind(connection, group) < 2_000, 600)
            if shared is not None:
                wait_until(lambda: len({path.name.split("-")[1] for path in shared.glob("join-*")}) == PARTITIONS, 120)
            time.sleep(20)  # normal operation: two workers serve all views and write snapshots when due
            seconds = kill_and_wait(partitions, group, first, second)
        finally:
            stop.set()
            load.join()
    return {"killed_to_served_seconds": seconds, "limit_seconds": SESSION_TIMEOUT_S + 5}


def kill_and_wait(
    partitions: Partitions, group: str, first: subprocess.Popen[bytes], second: subprocess.Popen[bytes]
) -> float:
    """SIGKILL the second worker; seconds until records written after the kill are committed on each partition."""
    before = partitions.members(group)
    started = time.monotonic()
    second.send_signal(signal.SIGKILL)
    # In the end the first worker serves everything, so it is enough to watch all partitions.
    ends = {tp: end for tp, end in partitions.ends().items() if tp[0].endswith("declaration-status.v1")}
    assert len(before) == 2
    wait_until(lambda: all(partitions.committed(group)[tp] > end for tp, end in ends.items()), 300)
    assert first.poll() is None
    return round(time.monotonic() - started, 1)


def behind(connection: KafkaConnection, group: str) -> int:
    """Number of records that a group has not processed."""
    with GroupLag(connection, group, JOIN.inputs) as lag:
        return lag.look().behind


def wait_until(condition: Any, seconds: float) -> None:
    """Wait until a condition holds, polling it."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(0.1)


def main() -> int:
    """Measure, print and store; exit status 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the 90 days of Hai Phong")
    scale = parser.parse_args().scale * HAI_PHONG_90_DAYS
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with tempfile.TemporaryDirectory(prefix="hailong-bench-") as name:
        directory = Path(name)
        with KafkaCluster(directory / "kafka", brokers=1) as cluster:
            connection = KafkaConnection(cluster.bootstrap_servers, session_timeout_ms=int(SESSION_TIMEOUT_S * 1000))
            ensure_topics(connection, partitions=PARTITIONS, replication_factor=1)
            report: dict[str, Any] = {"statuses": fill(connection, scale), "partitions": PARTITIONS}
            report["rebuild"] = rebuilds(connection, directory / "snapshots")
            report["takeover_with_snapshots"] = takeover(connection, directory / "with", snapshots=True)
            report["takeover_from_log"] = takeover(connection, directory / "without", snapshots=False)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    return 0 if reached(report) else 1


def reached(report: Mapping[str, Any]) -> bool:
    """Whether the targets are met: 200,000 records/s from the log, snapshots 5 times faster, takeover in 11 s."""
    kill = report["takeover_with_snapshots"]
    return bool(
        report["rebuild"]["from_log_records_per_second"] >= 200_000
        and report["rebuild"]["ratio"] >= 5
        and kill["killed_to_served_seconds"] <= kill["limit_seconds"]
    )


if __name__ == "__main__":
    sys.exit(main())
