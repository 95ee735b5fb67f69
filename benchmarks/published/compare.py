"""Publish a published data set and compare what hailong says with an independent computation.

    .venv/bin/python benchmarks/published/compare.py --set olist --data DIRECTORY [--order statuses-first]
        [--broker embedded|kafka] [--workers 1] [--keep DIRECTORY]

Maps the set (docs/published-data.md says where it is from), starts a stack of its own, publishes the files with
`hailong publish` in the order named, waits with `hailong audit --wait` until everything is done, and compares facts,
complaints, figures, step times and the evidence of alerts. The exit status is 1 if anything differs, any event is
rejected, or the audit finds anything. Settings (`HAILONG_...`) of the environment apply.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.published import helpdesk, olist
from benchmarks.published.arrangements import Arrangement, arrange
from benchmarks.published.differences import Comparison, compare
from benchmarks.published.expected import Expected
from benchmarks.published.history import Event, read_csv, write_csv
from benchmarks.published.results import QUESTIONS, ask
from deploy.local.broker_kind import Broker
from deploy.local.stack.layout import Layout
from deploy.local.stack.stack import Stack
from deploy.settings.variables import read_variables
from sinks.clickhouse.client import session

ROOT = Path(__file__).resolve().parents[2]
SETS: Mapping[str, Callable[[Path], list[Event]]] = {"olist": olist.events, "helpdesk": helpdesk.events}
_LINE = "{:<22} {:>8} {:>6} {:>8} {:>12} {:>8}  {}"


def main() -> int:
    """Run it."""
    options = _options()
    events = SETS[options.set](options.data)
    with tempfile.TemporaryDirectory() as scratch:
        directory = options.keep or Path(scratch)
        mapped = directory / "mapped"
        mapped.mkdir(parents=True)
        whole = mapped / "statuses.csv", mapped / "ratings.csv"
        write_csv(events, *whole)
        expected = Expected(read_csv(*whole))
        files = arrange(events, options.order, mapped)
        layout = Layout((directory / "stack").resolve())
        settings = read_variables(os.environ)
        with Stack(layout, settings, workers=options.workers, broker=options.broker) as stack:
            stack.start_servers()
            stack.start_pipeline()
            clean = [publish(layout.directory, files), wait(layout.directory)]
            comparisons = check(stack, expected)
    show(comparisons)
    return 0 if all(clean) and all(one.agrees for one in comparisons) else 1


def publish(directory: Path, files: Sequence[Path]) -> bool:
    """Publish files one after the other with the command that integrators use; whether none was rejected."""
    outcomes = [hailong("publish", "--dir", str(directory), str(file)) for file in files]
    return all(outcomes)


def wait(directory: Path) -> bool:
    """Wait until everything is done, as docs/import-history.md says; whether nothing is missing or doubled."""
    return hailong("audit", "--wait", "--dir", str(directory))


def hailong(*arguments: str) -> bool:
    """Run a command of hailong; whether its exit status was 0."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return (
        subprocess.run([sys.executable, "-m", "deploy.cli.main", *arguments], env=environment, check=False).returncode
        == 0
    )


def check(stack: Stack, expected: Expected) -> list[Comparison]:
    """Compare every result."""
    parameters = {"as_of": datetime.fromtimestamp(expected.as_of / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]}
    with session(stack.clickhouse) as client:
        found = {name: ask(client, question, parameters) for name, question in QUESTIONS.items()}
    stated = [
        (str(alert), str(office), int(str(start)), int(str(end))) for alert, office, start, end in found["alerts"]
    ]
    tables = expected.tables() | {"alerts": expected.alerts(stated), "alert targets": expected.alert_targets(stated)}
    return [compare(name, QUESTIONS[name].columns, table, found[name]) for name, table in tables.items()]


def show(comparisons: Sequence[Comparison]) -> None:
    """Print what agrees and what does not, with examples; results of equal digest are equal, whatever the order."""
    print(_LINE.format("result", "rows", "agrees", "missing", "not expected", "digest", "differing"))
    for one in comparisons:
        differing = ", ".join(f"{column} {count:,}" for column, count in one.differing.most_common())
        agrees = "yes" if one.agrees else "NO"
        numbers = (f"{number:,}" for number in (one.missing, one.unexpected))
        print(_LINE.format(one.name, f"{one.rows:,}", agrees, *numbers, one.digest, differing))
    for one in comparisons:
        for example in one.examples:
            print(f"{one.name}: {example}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=sorted(SETS), required=True, help="the data set")
    parser.add_argument("--data", type=Path, required=True, help="directory of its files")
    parser.add_argument("--order", type=Arrangement, choices=list(Arrangement), default=Arrangement.STATUSES_FIRST)
    parser.add_argument("--broker", type=Broker, choices=list(Broker), default=Broker.EMBEDDED)
    parser.add_argument("--workers", type=int, default=1, help="number of worker processes")
    parser.add_argument("--keep", type=Path, help="keep mapped files and database in this new directory")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
