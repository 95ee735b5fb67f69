"""How fast ClickHouse answers the questions of analysts, with a year of national data.

    .venv/bin/python benchmarks/queries.py [--statuses 100000000] [--facts 20000000] [--runs 7] [--keep DIRECTORY]

Starts the embedded ClickHouse with a fresh directory, applies our migrations, and lets the database generate a history
of that size (benchmarks/history.sql): one status event in a hundred is duplicated, one fact in sixty has two versions;
complaints, alerts, windows and dead letters are in proportion. When merges have finished, it runs the questions of
benchmarks/questions.sql through clickhouse-driver, each `--runs` times.

`--keep` keeps the directory, and uses the history in it if there is one, for example to study one question.

Result: var/bench/queries.json.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import structlog
from clickhouse_driver import Client
from rich.console import Console
from rich.table import Table
from support.clickhouse_server import running_clickhouse

from sinks.clickhouse.client import session
from sinks.clickhouse.migrate import migrate

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "var" / "bench" / "queries.json"
PERIODS = 13
"""Periods of four weeks: 13 are a year."""
STATUSES_OF_A_DECLARATION = 8
FACTS_OF_A_SHEET = 4
MAIN_MS = 200
"""Target for each of the ten main questions, milliseconds; for the others `OTHER_MS`."""
OTHER_MS = 1000
_LINE = "-- ----"
_PATIENCE_S = 3600.0

console = Console()


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Attributes:
        name: Short name.
        sql: Query with the parameters of `particulars`.
        main: Whether it is one of the ten main questions.
    """

    name: str
    sql: str
    main: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """The measurement of one question.

    Attributes:
        name: Name of the question.
        sql: Query as sent.
        main: Whether it is one of the ten main questions.
        rows: Rows in the answer.
        median_ms: Median of all runs at the client, milliseconds.
        max_ms: The slowest run, milliseconds.
        rows_read: Rows read from tables, as the server counts them.
        bytes_read: Uncompressed bytes read from tables.
    """

    name: str
    sql: str
    main: bool
    rows: int
    median_ms: float
    max_ms: float
    rows_read: int
    bytes_read: int

    @property
    def quick(self) -> bool:
        """Whether it meets its target."""
        return self.median_ms <= (MAIN_MS if self.main else OTHER_MS)


def questions() -> list[Question]:
    """The questions of benchmarks/questions.sql."""
    found = []
    main, _line, others = (ROOT / "benchmarks" / "questions.sql").read_text().partition(_LINE)
    for text, is_main in ((main, True), (others, False)):
        for part in text.split(";\n"):
            if "\nSELECT" in part:
                head, _newline, sql = part.partition("\nSELECT")
                name = head.splitlines()[-1].removeprefix("-- ").partition(":")[0]
                found.append(Question(name, f"SELECT{sql}", is_main))
    return found


def fill(client: Client, statuses: int, facts: int) -> None:
    """Generate the history."""
    declarations = statuses // STATUSES_OF_A_DECLARATION
    size = {"declarations": declarations, "rated": facts / FACTS_OF_A_SHEET / declarations}
    once, _line, each = (ROOT / "benchmarks" / "history.sql").read_text().partition(_LINE)
    for statement in statements(once):
        client.execute(statement, size)
    for period in range(PERIODS):
        bounds = {"first": period * declarations // PERIODS, "last": (period + 1) * declarations // PERIODS}
        for statement in statements(each):
            client.execute(statement, bounds)
        console.print(f"period {period + 1} of {PERIODS}", style="dim")


def statements(text: str) -> Iterator[str]:
    """The statements of a SQL file, without comments."""
    for part in text.split(";\n"):
        lines = [line for line in part.splitlines() if line.strip() and not line.lstrip().startswith("--")]
        if lines:
            yield "\n".join(lines)


def settle(client: Client) -> None:
    """Wait until no merges run: then the server has about as many parts as in normal operation."""
    quiet = 0
    while quiet < 5:
        ((merges,),) = client.execute("SELECT count() FROM system.merges")
        quiet = 0 if merges else quiet + 1
        time.sleep(1)


def particulars(client: Client) -> dict[str, Any]:
    """Parameters of the questions: the busiest office, its newest day, a declaration, a large enterprise (top 1 %)."""
    ((office, now),) = client.execute(
        "SELECT topK(1)(office)[1], toString(toDateTime(max(window_end), 'UTC')) FROM pane WHERE target = 'OFFICE'"
    )
    ((tax_code,),) = client.execute(
        "SELECT groupArray(tax_code)[1 + intDiv(count(), 100)] "
        "FROM (SELECT tax_code FROM rating GROUP BY tax_code ORDER BY count() DESC, tax_code)"
    )
    ((declaration,),) = client.execute("SELECT max(declaration) FROM rating")
    newest = datetime.fromisoformat(now).replace(tzinfo=UTC).date()
    month = date(newest.year, newest.month, 1)
    return {"office": office, "now": now, "month": month, "declaration": declaration, "tax_code": tax_code}


def answer(client: Client, question: Question, about: Mapping[str, Any], runs: int) -> Answered:
    """Run one question so many times."""
    sql = client.substitute_params(question.sql, about, client.connection.context)
    taken, rows = [], []
    for _run in range(runs):
        started = time.perf_counter()
        rows = client.execute(sql)
        taken.append((time.perf_counter() - started) * 1000)
    # The embedded server counts what a statement reads only when it stores the answer, not when it streams it.
    client.execute(f"CREATE OR REPLACE TABLE asked ENGINE = Null AS {sql}")
    read = client.last_query.progress
    median, slowest = statistics.median(taken), max(taken)
    return Answered(
        question.name, sql, question.main, len(rows), round(median, 1), round(slowest, 1), read.rows, read.bytes
    )


def sizes(client: Client) -> dict[str, dict[str, int]]:
    """Rows, parts and bytes on disk of each of our tables."""
    found = client.execute(
        "SELECT table, sum(rows), count(), sum(bytes_on_disk) FROM system.parts "
        "WHERE active AND database = currentDatabase() GROUP BY table ORDER BY table"
    )
    return {table: {"rows": rows, "parts": parts, "bytes": size} for table, rows, parts, size in found}


def table(answers: list[Answered]) -> Table:
    """The answers as a table."""
    shown = Table("question", "median ms", "max ms", "rows read", "MiB read", "rows", "")
    for one in answers:
        numbers = (
            f"{one.median_ms:,.0f}",
            f"{one.max_ms:,.0f}",
            f"{one.rows_read:,}",
            f"{one.bytes_read / 2**20:,.0f}",
        )
        shown.add_row(
            one.name, *numbers, f"{one.rows:,}", "" if one.quick else "SLOW", end_section=one.name == answers[9].name
        )
    return shown


def measure(directory: Path, statuses: int, facts: int, runs: int) -> tuple[dict[str, dict[str, int]], list[Answered]]:
    """Generate the history, wait for merges, and run the questions."""
    with running_clickhouse(directory) as server:
        connection = server.connection("hailong")
        migrate(connection)
        with session(connection, timeout_s=_PATIENCE_S) as client:
            started = time.monotonic()
            if not client.execute("SELECT count() FROM declaration_status")[0][0]:
                fill(client, statuses, facts)
            settle(client)
            rows = sizes(client)
            console.print(
                f"{rows['declaration_status']['rows']:,} status rows, {rows['rated_service']['rows']:,} facts, "
                f"{sum(one['bytes'] for one in rows.values()) / 2**30:.1f} GiB, {time.monotonic() - started:.0f} s"
            )
            about = particulars(client)
            return rows, [answer(client, question, about, runs) for question in questions()]


def main() -> int:
    """Measure, print and store; exit status 1 if a question was slow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--statuses", type=int, default=100_000_000)
    parser.add_argument("--facts", type=int, default=20_000_000)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    # Not in the temporary directory of the system, which may be in memory: these are tens of gigabytes.
    with tempfile.TemporaryDirectory(prefix="queries-", dir=RESULT.parent) as temporary:
        directory = arguments.keep or Path(temporary)
        directory.mkdir(parents=True, exist_ok=True)
        rows, answers = measure(directory, arguments.statuses, arguments.facts, arguments.runs)
    console.print(table(answers))
    RESULT.write_text(json.dumps({"rows": rows, "queries": [asdict(one) for one in answers]}, indent=2) + "\n")
    return 0 if all(one.quick for one in answers) else 1


if __name__ == "__main__":
    sys.exit(main())
