"""`make faults`: inject every kind of fault into the running system and check that nothing is lost or doubled."""

from __future__ import annotations

import argparse
import faulthandler
import re
import secrets
import shutil
import signal
import sys
import time
from pathlib import Path
from types import FrameType

import structlog
from rich.console import Console

from deploy.local.clickhouse_kind import ClickHouseKind
from deploy.local.clickhouse_server import library
from deploy.local.kafka.jars import available
from deploy.observability import configure_logs
from faults.disk import unmount
from faults.matrix import run_section
from faults.outcome import Outcome, Run
from faults.report import Report, line, table
from faults.schedule import KINDS, Section, UnknownKind, chosen, plan

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run the matrix; returns 0 if nothing was lost or doubled and every check was clean."""
    arguments = _arguments()
    console = Console()
    try:
        kinds = chosen(set(filter(None, arguments.only.split(","))))
    except UnknownKind as unknown:
        console.print(str(unknown))
        return 2
    missing = None if arguments.embedded else available()
    if missing is not None:
        console.print(f"{missing} The matrix needs Apache Kafka; --embedded does what can be done without.")
        return 2
    if arguments.clickhouse is ClickHouseKind.SERVER:
        library.resolve(tell=console.print)
    if arguments.embedded:
        kinds = tuple(kind for kind in kinds if not _needs_kafka(kind.name))
    configure_logs("error", "console")
    structlog.contextvars.clear_contextvars()
    signal.signal(signal.SIGTERM, _stop)
    faulthandler.enable()  # two native libraries in a process that sees brokers die: if it crashes, it says where
    directory = _fresh(arguments.directory.resolve())
    sections = plan(kinds, arguments.times, arguments.seed, arguments.section)
    planned = sum(len(section.faults) for section in sections)
    console.print(f"{planned} faults of {len(kinds)} kinds, seed {arguments.seed}, {arguments.rate:,} events/s")
    report = _run(arguments, directory, sections, planned, console)
    console.print(table(report))
    console.print(f"report: {directory / 'report.md'}")
    return 0 if report.clean else 1


def _run(
    arguments: argparse.Namespace, directory: Path, sections: list[Section], planned: int, console: Console
) -> Report:
    started = time.monotonic()
    run = Run(
        directory,
        arguments.seed,
        arguments.rate,
        arguments.embedded,
        arguments.clickhouse,
        started + arguments.budget_minutes * 60,
    )
    outcomes: list[Outcome] = []
    broker = "the embedded broker" if arguments.embedded else _kafka_version()
    servers = f"{broker} and {_clickhouse_version(arguments.clickhouse)}"

    def report() -> Report:
        return Report(outcomes, arguments.seed, arguments.rate, servers, planned, time.monotonic() - started)

    try:
        for section in sections:
            if time.monotonic() > run.deadline:
                break
            for outcome in run_section(run, section, console.print):
                outcomes.append(outcome)
                console.print(line(outcome), soft_wrap=True)
                report().write(directory)  # so that a run that is cut short leaves what it has found
    except KeyboardInterrupt:
        console.print("stopped")
    return report()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(1_000_000), help="draws the schedule and the load"
    )
    parser.add_argument("--only", default="", help=f"kinds, with commas: {', '.join(kind.name for kind in KINDS)}")
    parser.add_argument("--times", type=int, default=5, help="how often each kind (%(default)s)")
    parser.add_argument("--budget-minutes", type=float, default=60, help="no new fault after that (%(default)s)")
    parser.add_argument("--rate", type=int, default=2000, help="events a second (%(default)s)")
    parser.add_argument("--section", type=int, default=20, help="faults that share topics and a database (%(default)s)")
    parser.add_argument("--directory", type=Path, default=ROOT / "var" / "faults", help="for data, logs and the report")
    parser.add_argument("--embedded", action="store_true", help="the embedded broker instead of Apache Kafka")
    parser.add_argument(
        "--clickhouse",
        type=ClickHouseKind,
        choices=list(ClickHouseKind),
        default=ClickHouseKind.EMBEDDED,
        help="which ClickHouse (%(default)s)",
    )
    return parser.parse_args()


def _needs_kafka(name: str) -> bool:
    return name in {"broker_killed", "one_of_three_brokers", "rolling_restart"}


def _kafka_version() -> str:
    found = re.search(r"<kafka\.version>([^<]+)<", (ROOT / "deploy" / "local" / "kafka" / "pom.xml").read_text())
    return f"Apache Kafka {found.group(1) if found else ''}".strip()


def _clickhouse_version(kind: ClickHouseKind) -> str:
    return f"{kind.in_words} {library.version()}" if kind is ClickHouseKind.SERVER else kind.in_words


def _fresh(directory: Path) -> Path:
    """Make an empty directory; unmount first what a killed run left mounted."""
    for left in directory.glob("section-*/snapshots"):
        unmount(left)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
