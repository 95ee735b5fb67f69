"""Compares hailong with what a user would choose instead: the same join, input and broker, and identical outputs.

    .venv/bin/python benchmarks/peers.py [--declarations 250000] [--rated 0.033,1] [--runs 3] [--only hailong,quix]

Each contender reads declaration statuses and rating sheets from an Apache Kafka that this script starts, and writes the
joined facts. The programs are in benchmarks/contenders, the input is made by benchmarks/contenders/work.py. A contender
is done when the facts of the last declaration of each partition are in Kafka. Time and processor time of a small run
are subtracted from those of the large one, so the start does not count. Then the contender is killed; its recovery is
the time until it has joined another declaration. Facts, without versions, are compared with the SQL oracle of the
tests.

Result: var/bench/peers.json, by input; contenders that were not selected keep their earlier results. Ratios to hailong
compare runs of one invocation, which are interleaved.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import structlog
from aiokafka.partitioner import murmur2
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from rich.console import Console
from rich.table import Table
from support.kafka_cluster import KafkaCluster
from support.oracle import Oracle

from benchmarks.contenders.java.build import class_path
from benchmarks.contenders.processes import Measured
from benchmarks.contenders.work import ENDING_MARK, Work, ending, work
from benchmarks.producing import produce
from deploy.admin.topics import ensure_topics
from schemas.codec.record import decoder
from schemas.kafka.connection import KafkaConnection
from schemas.topics import Topic

ROOT = Path(__file__).resolve().parents[1]
PARTITIONS = 4
SMALL = 2_000
CONTENDERS = ROOT / "benchmarks" / "contenders"
RESULT = ROOT / "var" / "bench" / "peers.json"
_DEADLINE_S = 1800.0
_SETTLED_S = 12.0
_FACT = (
    *("declaration", "sheet_id", "target", "office", "target_id", "state", "revision", "submitted_at", "score"),
    *("reason", "tax_code", "declaration_office", "declaration_team", "status", "channel", "kind", "status_count"),
    *("registered_at", "permitted_at", "document_minutes", "goods_minutes", "clearance_minutes", "on_time"),
)
_FACT_QUERY = f"SELECT {', '.join(_FACT)} FROM fact"

console = Console()


@dataclass(frozen=True, slots=True)
class Contender:
    """One program that does the join.

    Attributes:
        program: Script in benchmarks/contenders.
        requirements: Locked packages that it needs in addition to ours; None for none.
        durable: Where it keeps its state, besides the input topics.
        most: Largest number of declarations for it: a slow contender would take hours.
        most_rated: The same when all declarations are rated and most of the work is writing facts.
        arguments: Arguments of the script after bootstrap servers, prefix and directory.
    """

    program: str
    requirements: Path | None
    durable: str
    most: int = 250_000
    most_rated: int = 250_000
    arguments: tuple[str, ...] = ()


KNOWN = {
    "hailong": Contender("hailong_join.py", None, "snapshots on disk"),
    "faust": Contender("faust_tables.py", None, "changelog in Kafka", most=40_000, most_rated=10_000),
    "quix": Contender(
        "quix_streams.py", CONTENDERS / "requirements-quix.txt", "RocksDB, changelog in Kafka", most_rated=60_000
    ),
    "bytewax": Contender(
        "bytewax_flow.py", CONTENDERS / "requirements-bytewax.txt", "SQLite snapshots every 10 s", most_rated=20_000
    ),
    "clickhouse": Contender(
        "clickhouse_engine.py", CONTENDERS / "requirements-clickhouse.txt", "MergeTree on disk", most_rated=60_000
    ),
    "kafka-streams": Contender(
        "java/run.py", None, "RocksDB, changelog in Kafka, a commit every 10 s", arguments=("streams", "rocksdb")
    ),
    "kafka-streams-memory": Contender(
        "java/run.py", None, "changelog in Kafka, a commit every 10 s", arguments=("streams", "memory")
    ),
    "flink": Contender("java/run.py", None, "heap, a checkpoint on disk every 10 s", arguments=("flink",)),
}


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run of one contender, with its start."""

    seconds: float
    cpu_seconds: float
    peak_mib: float
    facts: int
    wrong: int
    recovery_s: float | None


class Facts:
    """The facts that a contender writes, as they arrive.

    While a contender runs, this only looks for the facts of the last declarations: both share two cores.
    """

    def __init__(self, connection: KafkaConnection) -> None:
        self._name = Topic.RATED_SERVICE.value.name(connection.topic_prefix)
        self._consumer = Consumer({**connection.consumer_config("bench-facts"), "fetch.wait.max.ms": 100})
        self._consumer.assign([TopicPartition(self._name, partition, 0) for partition in range(PARTITIONS)])
        self._read = decoder(Topic.RATED_SERVICE.subject)
        self._values: list[bytes] = []
        self._matched: set[str] = set()

    def look(self, seconds: float) -> None:
        """Read the facts that have arrived; wait for so many seconds if there are none."""
        for message in self._consumer.consume(5_000, seconds):
            assert message.error() is None
            value = message.value() or b""
            self._values.append(value)
            if ENDING_MARK in value:
                fact = self._read(value)
                if fact["state"] == "MATCHED" and fact["status_count"]:
                    self._matched.add(fact["sheet_id"])

    @property
    def count(self) -> int:
        """Number of facts that have arrived."""
        return len(self._values)

    def settle(self) -> None:
        """Read on until nothing arrives for a second: other partitions may be later than the last facts."""
        before = -1
        while before != self.count:
            before = self.count
            self.look(1.0)

    def has(self, sheet_id: str) -> bool:
        """Whether a fact of the sheet knows its declaration."""
        return sheet_id in self._matched

    def rows(self, without: set[str]) -> Counter[tuple[Any, ...]]:
        """The last version of each fact in the form of the oracle, without the facts of some sheets."""
        last: dict[str, dict[str, Any]] = {}
        for fact in map(self._read, self._values):
            known = last.get(fact["fact_id"])
            if known is None or fact["version"] >= known["version"]:
                last[fact["fact_id"]] = fact
        names = [name for name in _FACT if name != "declaration"]
        rows = Counter[tuple[Any, ...]]()
        for fact in last.values():
            if fact["sheet_id"] not in without:
                rows[tuple(one or None for one in (fact["declaration_no"][:11], *(fact[name] for name in names)))] += 1
        return rows

    def close(self) -> None:
        """Close the consumer."""
        self._consumer.close()


def python_of(requirements: Path | None) -> str:
    """An interpreter with these packages in addition to ours; installed at first use."""
    if requirements is None:
        return sys.executable
    home = ROOT / "var" / "bench" / "venv" / requirements.stem
    python = home / "bin" / "python"
    if not (home / "done").exists():
        console.print(f"installing {requirements.name}")
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        pip = [str(python), "-m", "pip", "-q", "--disable-pip-version-check", "install", "--require-hashes"]
        subprocess.run([*pip, "-r", str(requirements)], check=True)
        ours = next(path for path in sys.path if path.endswith("site-packages"))
        (next((home / "lib").glob("python*")) / "site-packages" / "hailong.pth").write_text(ours + "\n")
        (home / "done").touch()
    return str(python)


def send(connection: KafkaConnection, events: list[tuple[Topic, bytes, bytes]]) -> None:
    """Publish events, and wait until Kafka has them."""
    producer = Producer({**connection.producer_config(), "queue.buffering.max.messages": 1_000_000})
    names = {topic: topic.value.name(connection.topic_prefix) for topic in Topic}
    for topic, key, value in events:
        produce(producer, names[topic], key, value)
    assert producer.flush(300) == 0


def endings(first: int) -> Iterator[tuple[list[tuple[Topic, bytes, bytes]], str]]:
    """Events of one last declaration for each partition, with the id of its sheet."""
    missing = set(range(PARTITIONS))
    while missing:
        events, sheet_id = ending(first)
        partition = (murmur2(events[0][1]) & 0x7FFFFFFF) % PARTITIONS
        if partition in missing:
            missing.remove(partition)
            yield events, sheet_id
        first += 1


def finish(connection: KafkaConnection, first: int) -> set[str]:
    """Send a last declaration to each partition; returns the ids of their sheets."""
    found = list(endings(first))
    send(connection, [event for events, _sheet in found for event in events])
    return {sheet_id for _events, sheet_id in found}


def wait_for(facts: Facts, sheets: set[str], process: Measured, log: Path) -> float:
    """Seconds until the facts of all these sheets are in Kafka."""
    began = time.monotonic()
    while not all(map(facts.has, sheets)):
        facts.look(0.2)
        if not process.running:
            raise RuntimeError(f"ended: {log.read_text()[-2000:]}")
        if time.monotonic() > began + _DEADLINE_S:
            raise RuntimeError(f"not done in {_DEADLINE_S:g} s: {log.read_text()[-2000:]}")
    return time.monotonic() - began


@contextmanager
def topics(bootstrap: str, prefix: str) -> Iterator[KafkaConnection]:
    """Create all topics under a prefix of their own, and delete them afterwards."""
    connection = KafkaConnection(bootstrap, topic_prefix=prefix, session_timeout_ms=6000)
    ensure_topics(connection, partitions=PARTITIONS, replication_factor=1)
    yield connection
    admin = AdminClient(dict(connection.client_config()))
    names = [name for name in admin.list_topics(timeout=30).topics if prefix in name]
    for future in admin.delete_topics(names).values():
        future.result(60)


def measure(
    name: str, bootstrap: str, prefix: str, todo: Work, expected: Counter[tuple[Any, ...]], *, recover: bool
) -> Measurement:
    """Measure one run of a contender."""
    contender = KNOWN[name]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory(prefix="hailong-bench-") as directory, topics(bootstrap, prefix) as connection:
        log, state = Path(directory) / "log", Path(directory) / "state"
        state.mkdir()
        command = [
            python_of(contender.requirements),
            str(CONTENDERS / contender.program),
            bootstrap,
            prefix,
            str(state),
        ]
        command += contender.arguments
        send(connection, todo.events)
        sheets = finish(connection, 1_000_000)
        facts = Facts(connection)
        process = Measured(command, environment, log)
        try:
            seconds = wait_for(facts, sheets, process, log)
            cpu, peak, recovery = process.cpu_seconds(), process.peak_mib(), None
            facts.settle()
            rows = facts.rows(sheets)
            if recover:
                time.sleep(_SETTLED_S)  # it may write snapshots and commit first
                process.kill()
                more = finish(connection, 2_000_000)
                process = Measured(command, environment, log)
                recovery = wait_for(facts, more, process, log)
        finally:
            process.kill()
            facts.close()
    wrong = sum(((rows - expected) + (expected - rows)).values())
    return Measurement(seconds, cpu, peak, facts.count, wrong, recovery)


def expected_facts(todo: Work) -> Counter[tuple[Any, ...]]:
    """The facts of the oracle."""
    oracle = Oracle(todo.accepted_statuses, todo.accepted_ratings)
    try:
        return Counter(tuple(value or None for value in row.values()) for row in oracle.rows(_FACT_QUERY))
    finally:
        oracle.close()


def summary(runs: Sequence[tuple[Measurement, Measurement]], statuses: int) -> dict[str, Any]:
    """Medians of pairs of a small and a large run with so many statuses; the start is subtracted."""
    small, large = zip(*runs, strict=True)
    start, start_cpu = min(one.seconds for one in small), min(one.cpu_seconds for one in small)
    rates = [statuses / (one.seconds - start) for one in large]
    costs = [(one.cpu_seconds - start_cpu) / statuses * 1e6 for one in large]
    recoveries = [one.recovery_s for one in large if one.recovery_s is not None]
    return {
        "events_per_s": round(statistics.median(rates)),
        "events_per_s_spread": [round(min(rates)), round(max(rates))],
        "cpu_s_per_million": round(statistics.median(costs), 2),
        "cpu_s_per_million_spread": [round(min(costs), 2), round(max(costs), 2)],
        "peak_rss_mib": round(statistics.median(one.peak_mib for one in large)),
        "recovery_s": round(statistics.median(recoveries), 1) if recoveries else None,
        "correct": not any(one.wrong for one in large),
        "facts_written": round(statistics.median(one.facts for one in large)),
    }


def main() -> int:
    """Measure every contender and input; exit status 1 if a contender was wrong or failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--declarations", type=int, default=250_000)
    parser.add_argument("--rated", default="0.033,1", help="shares of the declarations that are rated")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default=",".join(KNOWN))
    arguments = parser.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    names = arguments.only.split(",")
    for name in names:
        python_of(KNOWN[name].requirements)
        if KNOWN[name].program.startswith("java/"):
            class_path(KNOWN[name].arguments[0])
    return max(
        [compared(names, arguments.declarations, float(rated), arguments.runs) for rated in arguments.rated.split(",")]
    )


def compared(names: Sequence[str], declarations: int, rated: float, count: int) -> int:
    """Measure one input, print and store; 1 if a contender was wrong or failed."""
    Case.of.cache_clear()
    cases = {name: Case.of(min(most(name, rated), declarations), rated) for name in names}
    small = Case.of(SMALL, 0.1)
    runs: dict[str, list[tuple[Measurement, Measurement]]] = {name: [] for name in names}
    failed: dict[str, str] = {}
    with (
        tempfile.TemporaryDirectory(prefix="hailong-bench-") as directory,
        KafkaCluster(Path(directory) / "kafka", brokers=1) as cluster,
    ):
        for number in range(count):
            for name in names:
                if name in failed:
                    continue
                try:
                    once = (
                        small.run(name, cluster.bootstrap_servers, f"small{number}.{name}.", recover=False),
                        cases[name].run(name, cluster.bootstrap_servers, f"large{number}.{name}.", recover=True),
                    )
                except RuntimeError as error:
                    failed[name] = str(error)
                    console.print(f"{name} failed: {error}", style="red")
                    continue
                runs[name].append(once)
                console.print(name, *once, soft_wrap=True)
    report = {name: summary(run, cases[name].todo.statuses) for name, run in runs.items() if run}
    for name, one in report.items():
        one.update(note=KNOWN[name].durable, declarations=cases[name].declarations, runs=len(runs[name]))
        if own := report.get("hailong"):
            one["cpu_against_hailong"] = round(one["cpu_s_per_million"] / own["cpu_s_per_million"], 2)
            one["hailong_events_against_its"] = round(own["events_per_s"] / one["events_per_s"], 2)
    report.update({name: {"correct": False, "note": f"failed: {error[-300:]}"} for name, error in failed.items()})
    console.print(table(report))
    keep(report, f"{declarations} declarations, {rated:.1%} rated")
    return 0 if all(one["correct"] for one in report.values()) else 1


@dataclass(frozen=True)
class Case:
    """An input, and the facts that must result."""

    declarations: int
    todo: Work
    expected: Counter[tuple[Any, ...]]

    @classmethod
    @cache
    def of(cls, declarations: int, rated: float) -> Case:
        """The case with so many declarations."""
        todo = work(declarations, rated)
        return cls(declarations, todo, expected_facts(todo))

    def run(self, name: str, bootstrap: str, prefix: str, *, recover: bool) -> Measurement:
        """One run of a contender."""
        return measure(name, bootstrap, prefix, self.todo, self.expected, recover=recover)


def keep(report: Mapping[str, Any], case: str) -> None:
    """Store the results next to those of other inputs and contenders."""
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    works = known.get("works", {})
    works[case] = {**works.get(case, {}), **report}
    RESULT.write_text(json.dumps({"works": works}, indent=2) + "\n")


def most(name: str, rated: float) -> int:
    """Largest number of declarations for a contender."""
    return KNOWN[name].most_rated if rated > 0.5 else KNOWN[name].most


def table(report: Mapping[str, Mapping[str, Any]]) -> Table:
    """The results as a table, with ratios to hailong."""
    shown = Table("contender", "events/s", "hailong is", "CPU s/million", "peak MiB", "recovery s", "facts")
    own = report.get("hailong", {}).get("cpu_s_per_million")
    for name, one in sorted(report.items(), key=lambda entry: entry[1].get("cpu_s_per_million", float("inf"))):
        cost = one.get("cpu_s_per_million")
        ratio = f"{cost / own:.1f} x cheaper" if own and cost and name != "hailong" else ""
        cells = (one.get("events_per_s"), ratio, cost, one.get("peak_rss_mib"), one.get("recovery_s"))
        texts = [f"{cell:,}" if isinstance(cell, int) else str(cell or "") for cell in cells]
        shown.add_row(name, *texts, "equal to the oracle" if one["correct"] else "DIFFERENT")
    return shown


if __name__ == "__main__":
    sys.exit(main())
