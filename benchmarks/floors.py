"""Where a worker spends its time: the cost of each step, each one including the steps before it.

    .venv/bin/python benchmarks/floors.py [--declarations 250000] [--runs 3]

The input is that of benchmarks/peers.py, read from an Apache Kafka that this script starts. All steps but the last run
in this process:

* fetch: read record batches from Kafka and look at their headers only
* decode: decode records to validated statuses, as numbers, and to rating sheets
* view: store statuses and sheets in a view
* join: compute the state of declarations as of each sheet, without facts, as a rebuild does
* worker: `hailong worker` with the stage `join`: facts are sent to Kafka, offsets committed, snapshots written; with
  health and metrics

Processor time is user and system time of one pass, the median of interleaved runs. The start of the worker is
subtracted as in benchmarks/peers.py. Result: var/bench/floors.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import structlog
from confluent_kafka import Consumer, TopicPartition
from rich.console import Console
from rich.table import Table
from support.kafka_cluster import KafkaCluster

from benchmarks.contenders.work import Work, work
from benchmarks.peers import PARTITIONS, SMALL, expected_facts, measure, send, summary, topics
from processors.domain.join.policy import JoinPolicy
from processors.domain.join.sheet_store import SheetStore
from processors.domain.join.status_log import StatusLog
from processors.stages.join import JoinStage
from processors.stages.reference_policies import reference_context
from processors.transport.fetched_batch import to_batch
from processors.transport.log_reader import read_log
from processors.worker.state.restore import ViewRestorer
from schemas.batches.batch import Batch
from schemas.codec.record import pinned_only
from schemas.kafka.connection import KafkaConnection
from schemas.topics import Topic
from schemas.vectorized.rating_reader import DecodedSheet, RatingReader
from schemas.vectorized.status_reader import CodedStatuses, CodedStatusReader

TARGET = 2.5
"""The worker costs at most so many times what fetching and decoding cost."""
RESULT = Path(__file__).resolve().parents[1] / "var" / "bench" / "floors.json"
_INPUTS = (Topic.DECLARATION_STATUS, Topic.RATING)

console = Console()


class Steps:
    """The steps that run in this process, each over all partitions.

    Args:
        connection: The cluster with the work in it.
    """

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection
        self._names = {topic: topic.value.name(connection.topic_prefix) for topic in _INPUTS}
        self._stage = JoinStage(JoinPolicy(), reference_context())
        consumer = Consumer(dict(connection.consumer_config("bench-floors")))
        self._ends = {
            (topic, number): consumer.get_watermark_offsets(TopicPartition(name, number), 30)[1]
            for topic, name in self._names.items()
            for number in range(PARTITIONS)
        }
        consumer.close()

    def fetch(self) -> None:
        """Fetch only."""
        for number in range(PARTITIONS):
            for topic in _INPUTS:
                for _records in self._read(topic, number):
                    pass

    def decode(self) -> None:
        """Fetch and decode."""
        for number in range(PARTITIONS):
            self._take(number, StatusLog(), lambda _statuses: None, lambda _sheet: None)

    def view(self) -> None:
        """Decode, and store in a view."""
        for number in range(PARTITIONS):
            log, sheets = StatusLog(), SheetStore(reference_context().words.kinds_in)

            def add(sheet: DecodedSheet, sheets: SheetStore = sheets) -> None:
                sheets.add_rating(sheet.key, sheet.rating, sheet.checksum, 0, sheet.written_at)

            self._take(number, log, log.add_statuses, add)

    def join(self) -> None:
        """Decode, store and join."""
        restorer = ViewRestorer(self._connection, self._stage, threading.Event())
        for number in range(PARTITIONS):
            restorer.restore(number, {topic: self._ends[topic, number] for topic in _INPUTS})

    def _take(
        self,
        number: int,
        log: StatusLog,
        statuses: Callable[[CodedStatuses], object],
        sheets: Callable[[DecodedSheet], object],
    ) -> None:
        status_reader = CodedStatusReader(pinned_only)
        for batch in self._batches(Topic.DECLARATION_STATUS, number):
            statuses(status_reader.read_statuses(batch, log.tables))
        rating_reader = RatingReader(pinned_only)
        for batch in self._batches(Topic.RATING, number):
            for sheet in rating_reader.read_sheets(batch).accepted:
                sheets(sheet)

    def _batches(self, topic: Topic, number: int) -> Iterator[Batch]:
        for records in self._read(topic, number):
            if records is not None and (batch := to_batch(topic, number, records, self._ends[topic, number])):
                yield batch

    def _read(self, topic: Topic, number: int) -> Iterator[Any]:
        return read_log(self._connection, self._names[topic], number, 0, self._ends[topic, number])


def cpu_of(step: Callable[[], None]) -> float:
    """Processor seconds of one pass, of all threads."""
    began = time.process_time()
    step()
    return time.process_time() - began


def measured(bootstrap: str, todo: Work, small: Work, runs: int) -> dict[str, float]:
    """CPU seconds per million status events, by step."""
    found: dict[str, list[float]] = {}
    expected, expected_small = expected_facts(todo), expected_facts(small)
    workers = []
    with topics(bootstrap, "floors.") as connection:
        send(connection, todo.events)
        steps = Steps(connection)
        steps.decode()  # warm up: the first use of a library costs extra
        for number in range(runs):
            for step in (steps.fetch, steps.decode, steps.view, steps.join):
                found.setdefault(step.__name__, []).append(cpu_of(step) / todo.statuses * 1e6)
            workers.append(
                (
                    measure("hailong", bootstrap, f"s{number}.", small, expected_small, recover=False),
                    measure("hailong", bootstrap, f"l{number}.", todo, expected, recover=False),
                )
            )
            console.print({name: round(costs[-1], 2) for name, costs in found.items()}, workers[-1], soft_wrap=True)
    costs = {name: round(statistics.median(values), 2) for name, values in found.items()}
    return {**costs, "worker": summary(workers, todo.statuses)["cpu_s_per_million"]}


def main() -> int:
    """Measure, print and store; exit status 1 if the worker costs more than the target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--declarations", type=int, default=250_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    todo, small = work(arguments.declarations, 0.033), work(SMALL, 0.1)
    with (
        tempfile.TemporaryDirectory(prefix="hailong-bench-") as directory,
        KafkaCluster(Path(directory) / "kafka", brokers=1) as cluster,
    ):
        costs = measured(cluster.bootstrap_servers, todo, small, arguments.runs)
    shown, before = Table("step", "CPU s/million", "this step", "of the worker"), 0.0
    for name, cost in costs.items():
        shown.add_row(name, f"{cost:.2f}", f"{cost - before:.2f}", f"{cost / costs['worker']:.0%}")
        before = cost
    ratio = costs["worker"] / costs["decode"]
    console.print(shown, f"the worker costs {ratio:.2f} times fetch + decode, target: at most {TARGET}")
    result = {"cpu_s_per_million": costs, "worker_to_fetch_and_decode": round(ratio, 2), "work": vars(arguments)}
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    return 0 if ratio <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
