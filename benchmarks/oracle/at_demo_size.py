"""Compares the ClickHouse data of a finished `make demo` with the oracle, at full size.

The oracle (tests/support/oracle.sql) computes facts, complaints, windows and office counts in one batch, in SQL, from
the scenario's accepted events; it shares no code with `processors/`. This script compares its rows with those written
by the workers and the sink of the demo. Exit status 1 if any row differs.

    make demo && .venv/bin/python benchmarks/oracle/at_demo_size.py [var/demo]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clickhouse_driver import Client

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from support.comparison import fact_content
from support.oracle import Oracle
from support.scenario import accepted

from producers.simulator import Haiphong2020
from schemas.contacts.sealing import Contact, SealingKeys, seal

_FACT = (
    *("declaration", "sheet_id", "target", "office", "target_id", "state", "revision", "submitted_at", "score"),
    *("reason", "tax_code", "declaration_office", "declaration_team", "status", "channel", "kind", "status_count"),
    *("registered_at", "permitted_at", "document_minutes", "goods_minutes", "clearance_minutes", "on_time"),
)
_TIMES = {"submitted_at", "registered_at", "permitted_at"}

Rows = Counter[tuple[Any, ...]]


@contextmanager
def clickhouse(directory: Path) -> Iterator[Client]:
    """Start the embedded ClickHouse on the data of the demo."""
    command = [
        sys.executable,
        "-m",
        "deploy.local.clickhouse",
        "--path",
        str(directory),
        "--port",
        "0",
        "--user",
        "u",
    ]
    environment = {**os.environ, "HAILONG_CLICKHOUSE_PASSWORD": "oracle"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        ready = dict(part.split("=", 1) for part in server.stdout.readline().split() if "=" in part)
        try:
            yield Client("127.0.0.1", port=int(ready["port"]), user="u", password="oracle", database="hailong")
        finally:
            server.terminate()


def theirs(oracle: Oracle, query: str) -> Rows:
    """Rows of the oracle; absent values are None."""
    return Counter(fact_content(row, row) for row in oracle.rows(query))


def ours(client: Client, query: str) -> Rows:
    """Rows of the pipeline; absent values are None."""
    found, columns = client.execute(query, with_column_types=True)
    names = [name for name, _kind in columns]
    return Counter(fact_content(dict(zip(names, row, strict=True)), names) for row in found)


def comparisons() -> dict[str, tuple[str, str]]:
    """For each kind of result: the query to the tables of the pipeline, and the query to the oracle."""
    millis = {name: f"toUnixTimestamp64Milli({name})" for name in _TIMES}
    fact = ", ".join(millis.get(name, f"toString({name})" if name == "declaration" else name) for name in _FACT)
    windows = "target, office, target_id, toUnixTimestamp64Milli(window_end), window_seconds * 1000"
    scores = ", ".join(f"score_{n}" for n in range(1, 6))
    active = (
        "(target, office, target_id, window_end) IN (SELECT target, office, target_id, window_end FROM satisfaction "
        "FINAL WHERE window_seconds = 300 AND score_1 + score_2 + score_3 + score_4 + score_5 > 0)"
    )
    return {
        "facts": (f"SELECT {fact} FROM rated_service FINAL", f"SELECT {', '.join(_FACT)} FROM fact"),
        "complaints": (
            """SELECT toString(declaration), sheet_id, office, toUnixTimestamp64Milli(opened_at), state, lowest_score,
            case_track, ifNull(toUnixTimestamp64Milli(content_since), 0) AS content_since FROM complaint FINAL
            WHERE case_track != 'REMARK'""",
            """SELECT declaration, sheet_id, office, opened_at, state, lowest_score, case_track, content_since
            FROM complaint""",
        ),
        "remarks": (
            """SELECT toString(declaration), sheet_id, office, lowest_score FROM complaint FINAL
            WHERE case_track = 'REMARK' AND state = 'OPENED'""",
            "SELECT declaration, sheet_id, office, lowest_score FROM remark",
        ),
        "windows": (
            f"SELECT {windows}, {scores} FROM satisfaction FINAL WHERE {active}",
            "SELECT target, office, target_id, window_end, window, n1, n2, n3, n4, n5 FROM satisfaction",
        ),
        "office counts": (
            """SELECT office, toUnixTimestamp64Milli(pane_start), opinions, dissatisfied FROM office_count FINAL
            WHERE opinions > 0""",
            "SELECT office, pane_start, opinions, dissatisfied FROM office_count",
        ),
    }


def main() -> int:
    """Compare and print; returns the exit status."""
    directory = Path(sys.argv[1] if len(sys.argv) > 1 else "var/demo")
    if not (directory / "truth.json").exists():
        print(f"{directory} has no finished demo: run `make demo` first", file=sys.stderr)
        return 2
    truth = json.loads((directory / "truth.json").read_text())
    started = time.monotonic()
    # Seal contacts as the demo does: without them, the random draws of sheets would differ.
    keys = SealingKeys.parse(SealingKeys.generate())
    scenario = Haiphong2020(
        truth["seed"], truth["scale"], seal=lambda sheet, *contact: seal(Contact(*contact), sheet, keys)
    )
    oracle = Oracle(*accepted(scenario))
    wrong = 0
    with clickhouse(directory / "clickhouse") as client:
        for name, (mine, wanted) in comparisons().items():
            have, want = ours(client, mine), theirs(oracle, wanted)
            missing, surplus = (want - have).total(), (have - want).total()
            wrong += missing + surplus
            print(f"{name:14} {want.total():8} rows, {missing} missing or different, {surplus} unexpected")
    oracle.close()
    print(f"{'equal' if not wrong else 'NOT EQUAL'}, after {time.monotonic() - started:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
