"""How fast the recipes of docs/recipes.md answer at the size of the demo.

    .venv/bin/python benchmarks/recipes.py [--runs 5] [--keep DIRECTORY]

Plays the demo (240,060 declarations, 1.9 million events) into a fresh directory, serves its database with the embedded
ClickHouse, and runs each query `--runs` times. `--keep` keeps the directory, and uses the demo in it if there is one.
Target: each within a second.

Result: var/bench/recipes.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from rich.console import Console
from rich.table import Table
from support.demo_database import demo_database
from support.recipe_page import recipes

from sinks.clickhouse.client import session

RESULT = Path(__file__).resolve().parents[1] / "var" / "bench" / "recipes.json"
TARGET_MS = 1000


def measure(directory: Path, runs: int) -> dict[str, dict[str, Any]]:
    """Run each recipe so often; by its number the question, the median and the slowest run."""
    found: dict[str, dict[str, Any]] = {}
    with demo_database(directory) as connection, session(connection, timeout_s=300) as client:
        for one in recipes():
            taken = []
            for _run in range(runs):
                started = time.perf_counter()
                client.execute(one.sql)
                taken.append(round((time.perf_counter() - started) * 1000, 1))
            found[one.number] = {"question": one.question, "median_ms": statistics.median(taken), "max_ms": max(taken)}
    return found


def main() -> int:
    """Measure, print and store; exit status 1 if a recipe was slow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="recipes-", dir=RESULT.parent) as temporary:
        directory = (arguments.keep or Path(temporary)).resolve()
        directory.mkdir(parents=True, exist_ok=True)
        found = measure(directory, arguments.runs)
    table = Table("recipe", "median ms", "max ms", "", "question")
    for number, one in found.items():
        slow = "SLOW" if one["median_ms"] > TARGET_MS else ""
        table.add_row(number, f"{one['median_ms']:,.0f}", f"{one['max_ms']:,.0f}", slow, one["question"])
    Console().print(table)
    RESULT.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 1 if any(one["median_ms"] > TARGET_MS for one in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
