"""Does a history of years join, in whatever order it is published, on a busy machine? Counts the facts that are wrong.

    .venv/bin/python benchmarks/histories.py [--declarations 20000] [--months 26] [--order statuses-first,...]
        [--broker embedded,apache] [--busy 6] [--restarts]

One declaration every few minutes or hours, each rated an hour after its registration and cleared an hour later. A real
`hailong worker` with the stage `join` reads while the history is published. When the group has done all records and no
more facts arrive, each declaration must have one fact, matched as of the rating: a rule of a few lines, which shares no
code with the processors. With `--restarts` the worker is killed after a third of the history and started again, and a
second one comes after two thirds.

Result: var/bench/histories.json, by case; cases that were not run keep their earlier results. Exit status 1 if any fact
is wrong or missing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import structlog
from rich.console import Console
from rich.table import Table
from support.arrival_orders import Order
from support.brokers import running

from benchmarks.join_worker import FactsByRule, JoinWorker, until_done
from benchmarks.long_history import BulkHistory, FactCheck
from deploy.admin.topics import ensure_topics
from deploy.local.broker_kind import Broker
from deploy.local.supervisor.child import bound_command
from schemas.kafka.connection import KafkaConnection

PARTITIONS = 4
RESULT = Path(__file__).resolve().parents[1] / "var" / "bench" / "histories.json"
_BROKERS = {"embedded": Broker.EMBEDDED, "apache": Broker.KAFKA}
_DEADLINE_S = 3600.0

console = Console()


@contextmanager
def busy_loops(count: int) -> Iterator[None]:
    """So many processes that only take processor time."""
    command = bound_command([sys.executable, "-c", "while True: pass"])
    loops = [subprocess.Popen(command) for _number in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def measured(
    connection: KafkaConnection, history: BulkHistory, order: Order, home: Path, *, restarts: bool
) -> dict[str, Any]:
    """Publish a history while a worker reads it, and judge the facts."""
    ensure_topics(connection, partitions=PARTITIONS, replication_factor=1)
    facts = FactsByRule(connection, PARTITIONS, FactCheck(history))
    workers = [JoinWorker(connection, home / "one")]

    def kill_and_start() -> None:
        workers[0].kill()
        workers[0] = JoinWorker(connection, home / "one")

    def second() -> None:
        workers.append(JoinWorker(connection, home / "two"))

    began = time.monotonic()
    try:
        history.publish(connection, order, (kill_and_start, second) if restarts else ())
        published = time.monotonic() - began
        after, disk = until_done(connection, facts, workers, within_s=_DEADLINE_S)
        first = workers[0].process
        found = {
            "publish_s": round(published, 1),
            "done_s": round(published + after, 1),
            "peak_mib": round(first.peak_mib()),
            "peak_anonymous_mib": round(first.peak_anonymous_mib()),
            "cpu_s": round(first.cpu_seconds(), 1),
            "disk_mib": round(disk, 1),
        }
    finally:
        for worker in workers:
            worker.kill()
        facts.close()
    check = facts.check
    return {
        **found,
        "facts": check.facts,
        "wrong": check.wrong,
        "first_unmatched": len(check.unmatched),
        "facts_written": facts.read,
        "examples": check.examples(),
    }


def main() -> int:
    """Measure every case, print and store; exit status 1 if a fact is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--declarations", type=int, default=20_000)
    parser.add_argument("--months", type=int, default=26)
    parser.add_argument("--order", default=",".join(Order), help="orders of arrival, separated by commas")
    parser.add_argument("--broker", default="embedded", help=f"among {', '.join(_BROKERS)}, separated by commas")
    parser.add_argument("--busy", type=int, default=0, help="busy loops beside it")
    parser.add_argument("--restarts", action="store_true", help="a restart and a second worker in the middle")
    arguments = parser.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    history = BulkHistory(arguments.declarations, arguments.months)
    orders = [Order(name) for name in arguments.order.split(",")]
    results: dict[str, dict[str, Any]] = {}
    for broker in arguments.broker.split(","):
        for order in orders:
            case = f"{history.declarations} over {history.months} months, {order}, {broker}, {arguments.busy} busy"
            case += ", restarts" if arguments.restarts else ""
            with tempfile.TemporaryDirectory(prefix="hailong-bench-") as directory:
                home = Path(directory)
                server: AbstractContextManager[str] = running(_BROKERS[broker], home / "broker")
                with server as address, busy_loops(arguments.busy):
                    connection = KafkaConnection(address, topic_prefix="histories.", session_timeout_ms=6000)
                    found = measured(connection, history, order, home, restarts=arguments.restarts)
            results[case] = found
            console.print(case, found, soft_wrap=True)
    console.print(table(results))
    keep(results)
    return 1 if any(one["wrong"] for one in results.values()) else 0


def table(results: dict[str, dict[str, Any]]) -> Table:
    """The results as a table."""
    shown = Table("history", "wrong", "unmatched at first", "done, s", "anonymous MiB", "peak MiB", "disk MiB")
    for case, one in results.items():
        names = ("wrong", "first_unmatched", "done_s", "peak_anonymous_mib", "peak_mib", "disk_mib")
        shown.add_row(case, *(f"{one[name]:,}" for name in names))
    return shown


def keep(results: dict[str, dict[str, Any]]) -> None:
    """Store the results beside those of other cases."""
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    RESULT.write_text(json.dumps({**known, **results}, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
