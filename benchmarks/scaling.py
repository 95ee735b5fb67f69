"""How a worker scales with its state: memory, rebuild time and cost, to 3.3 million live declarations and to years.

    .venv/bin/python benchmarks/scaling.py [--parts sizes,workers,years] [--sizes 100000,300000,1000000,3300000]
        [--workers 1,2] [--months 26] [--history 7000000]

Uses an Apache Kafka that this script starts. 3.3 million live declarations are three quarters of the national state
(docs/capacity.md). For each size, a separate process builds the views of all partitions of the stage `join`:

* from the log: seconds, processor time per million status events, resident memory per declaration
* from snapshots: seconds, memory

Then one and two workers of a group process the input of benchmarks/peers.py; they share the two cores with Kafka.

At last a real `hailong worker` with the stage `join` reads 26 months of Hai Phong's volume, 7 million declarations with
twelve statuses each, one in thirty rated, which lie in Kafka already: its speed, memory and disk. It is killed and
started again, once with its snapshots and once without; both times count until it has joined another declaration. Its
facts are judged by the rule of benchmarks/histories.py.

Result: var/bench/scaling.json; parts that were not measured keep their earlier results. Exit status 1 if a target is
missed or a fact is wrong.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import structlog
from confluent_kafka import Consumer, Producer, TopicPartition
from rich.console import Console
from rich.table import Table
from support.arrival_orders import Order
from support.kafka_cluster import KafkaCluster

from benchmarks.contenders.processes import Measured
from benchmarks.contenders.work import Work, work
from benchmarks.join_worker import FactsByRule, JoinWorker, until_done
from benchmarks.long_history import USUAL, BulkHistory, FactCheck
from benchmarks.peers import CONTENDERS, PARTITIONS, SMALL, Facts, finish, send, topics, wait_for
from benchmarks.producing import produce
from processors.domain.join.policy import JoinPolicy
from processors.stages.join import JoinStage
from processors.stages.reference_policies import reference_context
from processors.worker.state.partition_views import PartitionViews
from processors.worker.state.restore import ViewRestorer
from processors.worker.state.snapshot_store import SnapshotStore
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_metadata import describe_names
from schemas.topics import Topic

BASE = 100_000
"""Generated declarations; larger sizes are copies of them under different numbers."""
TARGET_BYTES = 600
TARGET_REBUILD_S = 60.0
TARGET_YEARS_MIB = 1536
TARGET_YEARS_RESTART_S = 30.0
RATED_EACH = 30
"""One declaration in thirty is rated."""
PARTS = ("sizes", "workers", "years")
RESULT = Path(__file__).resolve().parents[1] / "var" / "bench" / "scaling.json"
_INPUTS = (Topic.DECLARATION_STATUS, Topic.RATING)
_DEADLINE_S = 3600.0
_SNAPSHOT_INTERVAL_S = 30.0

console = Console()


def fill(connection: KafkaConnection, base: Work, first: int, last: int) -> int:
    """Write copies `first` to `last` - 1 of the base under different numbers; returns the number of status events."""
    producer = Producer({**connection.producer_config(), "queue.buffering.max.messages": 1_000_000})
    names = {topic: topic.value.name(connection.topic_prefix) for topic in Topic}
    for copy in range(first, last):
        for topic, key, value in base.events:
            number = b"10%09d" % (int(key[2:]) + copy * BASE)
            produce(producer, names[topic], number, value.replace(key, number))
    assert producer.flush(300) == 0
    return base.statuses * (last - first)


def resident() -> int:
    """Resident bytes of this process."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def built(bootstrap: str, prefix: str, directory: str | None) -> dict[str, float]:
    """Build the views of all partitions in this process: from snapshots if there are any; else write them."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    connection = KafkaConnection(bootstrap, topic_prefix=prefix)
    stage = JoinStage(JoinPolicy(), reference_context())
    names = {topic: topic.value.name(prefix) for topic in _INPUTS}
    consumer = Consumer(dict(connection.consumer_config("bench-scaling")))
    bounds = [
        {topic: consumer.get_watermark_offsets(TopicPartition(name, n), 30)[1] for topic, name in names.items()}
        for n in range(PARTITIONS)
    ]
    consumer.close()
    store = None
    if directory is not None:
        facts = describe_names(connection, list(names.values()), 10)
        store = SnapshotStore(Path(directory), stage, {topic: facts[name].identity for topic, name in names.items()})
    had_snapshots = directory is not None and any(Path(directory).iterdir())
    restorer = ViewRestorer(connection, stage, threading.Event(), store if had_snapshots else None)
    restorer.restore(0, dict.fromkeys(_INPUTS, 1))  # warm up: the first use of a library costs extra
    before, began, cpu = resident(), time.monotonic(), time.process_time()
    owned = PartitionViews(stage.name, restorer)  # as a worker that takes over all partitions
    views = [owned.get_or_restore(number, bounds[number], dict(enumerate(bounds))) for number in range(PARTITIONS)]
    seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    gc.collect()
    after = resident()
    if store is not None and not had_snapshots:
        for number, view in enumerate(views):
            store.save(view.take_snapshot(number))
    records = sum(view.records for view in views)
    return {"seconds": seconds, "cpu": cpu, "grown": after - before, "resident": after, "records": records}


def in_own_process(*arguments: Any) -> dict[str, float]:
    """Run `built` in a fresh process: memory that an earlier measurement freed would distort the result."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(built, *arguments).result()


def sizes(bootstrap: str, wanted: Sequence[int], home: Path) -> list[dict[str, Any]]:
    """Fill the topics up to each size, and measure at each."""
    found: list[dict[str, Any]] = []
    base, copies, statuses = work(BASE, 0.033), 0, 0
    with topics(bootstrap, "scaling.") as connection:
        for size in wanted:
            statuses += fill(connection, base, copies, size // BASE)
            copies = size // BASE
            directory = home / str(size)
            directory.mkdir()
            log = in_own_process(bootstrap, "scaling.", str(directory))
            snapshot = in_own_process(bootstrap, "scaling.", str(directory))
            found.append(
                {
                    "declarations": size,
                    "status_events": statuses,
                    "rebuild_s": round(log["seconds"], 1),
                    "rebuild_records_per_s": round(log["records"] / log["seconds"]),
                    "cpu_s_per_million": round(log["cpu"] / statuses * 1e6, 2),
                    "bytes_per_declaration": round(log["grown"] / size),
                    "resident_mib": round(log["resident"] / 2**20),
                    "snapshot_rebuild_s": round(snapshot["seconds"], 1),
                    "snapshot_bytes_per_declaration": round(snapshot["grown"] / size),
                    "snapshot_mib": round(sum(path.stat().st_size for path in directory.iterdir()) / 2**20),
                }
            )
            console.print(found[-1])
    return found


def workers(bootstrap: str, todo: Work, counts: Sequence[int], home: Path) -> list[dict[str, Any]]:
    """Process the input of the peers with so many workers; the time of a small input, mostly start, is subtracted."""
    small, found = work(SMALL, 0.1), []
    for count in counts:
        seconds, cpu = [], []
        for size, events in (("small", small), ("large", todo)):
            prefix, processes = f"{size}{count}.", []
            with topics(bootstrap, prefix) as connection:
                send(connection, events.events)
                sheets = finish(connection, 1_000_000)
                facts = Facts(connection)
                try:
                    for number in range(count):
                        state = home / f"{size}{count}-{number}"
                        state.mkdir()
                        command = [sys.executable, str(CONTENDERS / "hailong_join.py"), bootstrap, prefix, str(state)]
                        environment = {**os.environ, "PYTHONPATH": str(CONTENDERS.parents[1])}
                        processes.append(Measured(command, environment, home / "log"))
                    seconds.append(wait_for(facts, sheets, processes[0], home / "log"))
                    cpu.append(sum(process.cpu_seconds() for process in processes))
                finally:
                    for process in processes:
                        process.kill()
                    facts.close()
        found.append(
            {
                "workers": count,
                "events_per_s": round(todo.statuses / (seconds[1] - seconds[0])),
                "cpu_s_per_million": round((cpu[1] - cpu[0]) / todo.statuses * 1e6, 2),
            }
        )
        console.print(found[-1])
    return found


def years(bootstrap: str, history: BulkHistory, home: Path) -> dict[str, Any]:
    """A worker reads a history of years, and is started again with its snapshots and without."""
    with topics(bootstrap, "years.") as connection:
        began = time.monotonic()
        history.publish(connection, Order.SORTED)
        published, directory = time.monotonic() - began, home / "years"
        worker, facts = JoinWorker(connection, directory), FactsByRule(connection, PARTITIONS, FactCheck(history))
        try:
            seconds, disk = until_done(connection, facts, [worker], within_s=_DEADLINE_S)
            read = {"read_s": round(seconds, 1), "cpu_s": round(worker.process.cpu_seconds(), 1), **memory(worker)}
            time.sleep(2 * _SNAPSHOT_INTERVAL_S)  # so that the last snapshot of every partition is complete
            disk = max(disk, worker.disk_mib())
        finally:
            worker.kill()
            facts.close()
        restarted = started_again(connection, directory, 1_000_000)
        shutil.rmtree(directory)
        replayed = started_again(connection, directory, 2_000_000)
    return {
        "declarations": history.declarations,
        "status_events": history.statuses,
        "sheets": history.sheets,
        "months": history.months,
        "publish_s": round(published, 1),
        "events_per_s": round((history.statuses + history.sheets) / seconds),
        "wrong": facts.check.wrong,
        "disk_mib": round(disk),
        "first": read,
        "from_snapshots": restarted,
        "from_log": replayed,
    }


def started_again(connection: KafkaConnection, directory: Path, first: int) -> dict[str, Any]:
    """Start a worker after a kill, and wait until it has joined a declaration of each partition that came meanwhile."""
    sheets, facts = finish(connection, first), Facts(connection)
    facts.settle()
    worker = JoinWorker(connection, directory, snapshot_interval_s=_SNAPSHOT_INTERVAL_S)
    try:
        seconds = wait_for(facts, sheets, worker.process, worker.log)
        return {"seconds": round(seconds, 1), **memory(worker)}
    finally:
        worker.kill()
        facts.close()


def memory(worker: JoinWorker) -> dict[str, int]:
    """The most memory that a worker had, with and without the pages of mapped files."""
    return {
        "peak_mib": round(worker.process.peak_mib()),
        "peak_anonymous_mib": round(worker.process.peak_anonymous_mib()),
    }


def main() -> int:
    """Measure, print and store; exit status 1 if a target is missed or a fact is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default=",".join(PARTS), help="which parts to measure, separated by commas")
    parser.add_argument("--sizes", default="100000,300000,1000000,3300000", help=f"multiples of {BASE}, ascending")
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--declarations", type=int, default=250_000, help="declarations in the input of the workers")
    parser.add_argument("--history", type=int, default=7_000_000, help="declarations of the history of years")
    parser.add_argument("--months", type=int, default=26, help="its length")
    arguments = parser.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    parts, results = arguments.parts.split(","), json.loads(RESULT.read_text()) if RESULT.exists() else {}
    with (
        tempfile.TemporaryDirectory(prefix="hailong-bench-") as directory,
        KafkaCluster(Path(directory) / "kafka", brokers=1) as cluster,
    ):
        home, bootstrap = Path(directory), cluster.bootstrap_servers
        if "sizes" in parts:
            results["sizes"] = sizes(bootstrap, [int(size) for size in arguments.sizes.split(",")], home)
        if "workers" in parts:
            todo = work(arguments.declarations, 0.033)
            results["workers"] = workers(bootstrap, todo, [int(n) for n in arguments.workers.split(",")], home)
        if "years" in parts:
            history = BulkHistory(arguments.history, arguments.months, USUAL, RATED_EACH)
            results["years"] = years(bootstrap, history, home)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(results, indent=2) + "\n")
    show(results)
    return 0 if all(within(part, results[part]) for part in parts) else 1


def show(results: Mapping[str, Any]) -> None:
    """Print the results."""
    shown = Table("declarations", "bytes each", "CPU s/million", "from log s", "from snapshots s", "resident MiB")
    for one in results.get("sizes", ()):
        names = ("bytes_per_declaration", "cpu_s_per_million", "rebuild_s", "snapshot_rebuild_s", "resident_mib")
        shown.add_row(f"{one['declarations']:,}", *(str(one[name]) for name in names))
    console.print(shown, results.get("workers"), results.get("years"))


def within(part: str, found: Any) -> bool:
    """Whether a part meets its targets."""
    if part == "sizes":
        largest = found[-1]
        small: bool = largest["bytes_per_declaration"] <= TARGET_BYTES
        return small and largest["snapshot_rebuild_s"] < TARGET_REBUILD_S
    if part == "years":
        # Without mapped files: the system takes their pages back when it needs memory.
        peaks = [found[name]["peak_anonymous_mib"] for name in ("first", "from_snapshots", "from_log")]
        quick: bool = found["from_snapshots"]["seconds"] <= TARGET_YEARS_RESTART_S
        return not found["wrong"] and max(peaks) <= TARGET_YEARS_MIB and quick
    return True


if __name__ == "__main__":
    sys.exit(main())
