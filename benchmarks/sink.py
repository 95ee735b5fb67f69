"""How fast `hailong sink` moves rows from full topics into ClickHouse.

    .venv/bin/python benchmarks/sink.py [--declarations 250000] [--facts 250000] [--clickhouse server]

Twice, for statuses (the work of benchmarks/peers.py) and for facts: starts Kafka and ClickHouse as `hailong up` does,
fills the topic, and starts the sink alone. Measured is the time from the first visible rows until nine tenths are
stored, because the last rows wait for the flush interval; and in that time the processor time of sink and ClickHouse.
"parts" is the same work in this process without Kafka: reading batches into columns, and inserting these.

Result: var/bench/sink.json; with a ClickHouse server var/bench/sink-server.json.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import structlog
from rich.console import Console

from benchmarks.contenders.rules import add_rating, add_status, empty
from benchmarks.contenders.work import work
from benchmarks.peers import send
from deploy.local.broker_kind import Broker
from deploy.local.clickhouse_kind import ClickHouseKind
from deploy.local.stack.layout import Layout
from deploy.local.stack.plan import command_child
from deploy.local.stack.stack import Stack
from schemas.batches.batch import RawBatch
from schemas.codec.record import decoder
from schemas.topics import Topic
from sinks.clickhouse.client import INSERT_SETTINGS, session
from sinks.clickhouse.mapping.topic_readers import readers

TARGET = 250_000
"""Status rows a second."""
RESULT = Path(__file__).resolve().parents[1] / "var" / "bench" / "sink.json"
_TICKS = os.sysconf("SC_CLK_TCK")
_TIMEOUT_S = 300.0
_PART = 100_000
_TIMED = 0.9
_Event = tuple[Topic, bytes, bytes]

console = Console()


def facts_of(events: Sequence[_Event], wanted: int) -> list[_Event]:
    """The facts of these statuses and ratings."""
    known: dict[bytes, Any] = {}
    made: dict[str, _Event] = {}  # one version of each, as in the table
    read = decoder(Topic.RATED_SERVICE.subject)
    for topic, key, value in events:
        add = add_rating if topic is Topic.RATING else add_status
        known[key], facts = add(known.get(key) or empty(), value)
        made.update((read(fact)["fact_id"], (Topic.RATED_SERVICE, fact_key, fact)) for fact_key, fact in facts)
    assert len(made) >= wanted, f"{len(made)} facts are too few: more declarations"
    return list(islice(made.values(), wanted))


def cpu_of(name: str) -> float:
    """Processor seconds of our child processes whose command line contains a name; 0 if there is none."""
    total = 0.0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # the process ended meanwhile
            if name in command and int(fields[1]) == os.getpid():
                total += (int(fields[11]) + int(fields[12])) / _TICKS
    return total


def through_sink(directory: Path, events: list[_Event], table: str, kind: ClickHouseKind) -> dict[str, float]:
    """Rows a second through the sink into one table."""
    shutil.rmtree(directory, ignore_errors=True)
    with Stack(Layout(directory), {}, broker=Broker.KAFKA, clickhouse=kind) as stack:
        stack.start_servers(lambda step: console.print(step, highlight=False))
        send(stack.kafka, events)
        with session(stack.clickhouse) as client:

            def seen() -> int:
                ((count,),) = client.execute(f"SELECT count() FROM {table}")
                return int(count)

            for endpoint in stack.endpoints:
                if endpoint.name.startswith("sink"):
                    stack.supervisor.start(command_child(stack.layout, endpoint, "sink"))
            wait_until(lambda: seen() > 0)
            began, first = time.monotonic(), seen()
            if first >= _TIMED * len(events):
                raise RuntimeError(f"{len(events):,} rows of {table} are too few to measure: they were stored at once")
            sink, server = cpu_of(" sink"), cpu_of("deploy.local.clickhouse")
            wait_until(lambda: seen() >= _TIMED * len(events))
            seconds, rows = time.monotonic() - began, seen() - first
            sink, server = cpu_of(" sink") - sink, cpu_of("deploy.local.clickhouse") - server
            wait_until(lambda: seen() >= len(events))
    return {
        "rows": rows,
        "rows_per_s": round(rows / seconds),
        "sink_cpu_s_per_million": round(sink / rows * 1e6, 2),
        "clickhouse_cpu_s_per_million": round(server / rows * 1e6, 2),
    }


def wait_until(done: Callable[[], bool]) -> None:
    """Wait for a condition."""
    limit = time.monotonic() + _TIMEOUT_S
    while not done():
        if time.monotonic() > limit:
            raise RuntimeError(f"the rows were not stored within {_TIMEOUT_S:g} s")
        time.sleep(0.1)  # each query costs the server some milliseconds


def parts(directory: Path, events: list[_Event], kind: ClickHouseKind) -> dict[str, float]:
    """Microseconds per row of reading batches into columns and of inserting these, without Kafka."""
    topic, now = events[0][0], time.time_ns() // 1_000_000
    shutil.rmtree(directory, ignore_errors=True)
    reader, read, inserted, rows = readers()[topic], 0.0, 0.0, 0
    with Stack(Layout(directory), {}, broker=Broker.EMBEDDED, clickhouse=kind) as stack:
        stack.start_servers()
        with session(stack.clickhouse) as client:
            source = iter(events)
            while part := list(islice(source, _PART)):
                keys, values = [key for _topic, key, _value in part], [value for *_rest, value in part]
                batch = RawBatch(topic, 0, range(rows, rows + len(part)), [now] * len(part), keys, values)
                began = time.monotonic()
                parsed = reader.read(batch, 1)
                read, began = read + time.monotonic() - began, time.monotonic()
                for block in parsed.blocks:
                    block.insert(client, INSERT_SETTINGS)
                inserted += time.monotonic() - began
                rows += len(part)
    return {"read_us": round(read / rows * 1e6, 2), "insert_us": round(inserted / rows * 1e6, 2)}


def main() -> int:
    """Measure, print and write the result; return 1 if the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--declarations", type=int, default=250_000)
    parser.add_argument("--facts", type=int, default=250_000)
    parser.add_argument(
        "--clickhouse", type=ClickHouseKind, choices=list(ClickHouseKind), default=ClickHouseKind.EMBEDDED
    )
    arguments = parser.parse_args()
    kind: ClickHouseKind = arguments.clickhouse
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    statuses = list(
        dict.fromkeys(work(arguments.declarations, 0.0).events)
    )  # the table keeps one row of a repeated event
    facts = facts_of(work(arguments.facts // 3, 1.0).events, arguments.facts)
    directory = RESULT.parent / "sink"
    result: dict[str, Any] = {
        "statuses": through_sink(directory, statuses, "declaration_status", kind),
        "facts": through_sink(directory, facts, "rated_service", kind),
        "parts": {"statuses": parts(directory, statuses[:500_000], kind), "facts": parts(directory, facts, kind)},
    }
    shutil.rmtree(directory, ignore_errors=True)
    console.print_json(json.dumps(result))
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    file = RESULT if kind is ClickHouseKind.EMBEDDED else RESULT.with_stem(f"{RESULT.stem}-{kind}")
    file.write_text(json.dumps(result, indent=2) + "\n")
    return 0 if result["statuses"]["rows_per_s"] >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
