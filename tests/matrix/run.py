"""`make matrix`: all migrations, inserts and views on every supported engine, with data in every table and view."""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from clickhouse_driver.errors import Error as DriverError
from matrix.engines import INSTALLED, ROOT, Engine, EngineMissing, engines
from matrix.history import history
from matrix.loading import load
from matrix.questions import Survey

from deploy.observability import configure_logs
from schemas.batches.batch import RawBatch
from schemas.errors import HailongError
from sinks.clickhouse.client import connect

FAILED = "failed: "
_MOST = 3
EVERYTHING = ("everything", "start, migrate and insert")
"""The only question of an engine that cannot be asked about views."""
Answers = Mapping[tuple[str, str], str]


def main() -> int:
    """Ask every engine everything; returns 0 if all answer, and all the same."""
    arguments = _arguments()
    configure_logs("error", "console")
    logging.disable(logging.WARNING)
    known = {engine.name: engine for engine in engines(arguments.directory)}
    chosen = list(known.values()) if not arguments.only else [known[name] for name in arguments.only]
    found = survey_all(chosen, arguments.directory)
    problems = compare(found)
    _say(*problems, f"{len(found)} engines, {sum(map(len, found.values()))} answers, {len(problems)} failures")
    return 1 if problems else 0


def survey_all(chosen: Sequence[Engine], directory: Path) -> dict[str, Answers]:
    """The answers of engines, by name."""
    batches = history()

    def one(engine: Engine) -> Answers:
        started = time.monotonic()
        answers = survey(engine, batches, directory / f"{engine.name}.data")
        _say(f"{engine.name}: {len(answers)} answers in {time.monotonic() - started:.0f} s")
        return answers

    # Two at a time: most of the work is to plan queries, which one core does.
    with ThreadPoolExecutor(2) as pool:
        return dict(zip((engine.name for engine in chosen), pool.map(one, chosen), strict=True))


def survey(engine: Engine, batches: Sequence[RawBatch], data: Path) -> Answers:
    """All answers of one engine; a fault that leaves none is an answer about `everything`."""
    shutil.rmtree(data, ignore_errors=True)
    try:
        engine.install()
        with engine.server(data) as connection:
            load(connection, batches)
            survey = Survey(connect(connection, timeout_s=300))
            survey.ask_all()
            return survey.answers
    except (EngineMissing, HailongError, DriverError, EOFError, OSError) as error:
        return {EVERYTHING: f"{FAILED}{type(error).__name__} {error}"}
    finally:
        shutil.rmtree(data, ignore_errors=True)


def compare(found: Mapping[str, Answers]) -> list[str]:
    """One line for each engine and view or table that fails, or answers otherwise than the newest engine does."""
    newest = list(found)[-1]
    problems: dict[tuple[str, str], list[str]] = {}
    for engine, answers in found.items():
        also = () if EVERYTHING in answers else found[newest]
        for asked in dict.fromkeys((*answers, *also)):
            answer, expected = answers.get(asked, "no answer"), found[newest].get(asked, "no answer")
            name, question = asked
            if answer.startswith(FAILED):
                problems.setdefault((engine, name), []).append(f"{question}: {answer.removeprefix(FAILED)}")
            elif answer != expected and not expected.startswith(FAILED):
                problems.setdefault((engine, name), []).append(f"{question}: {answer}; {newest} has {expected}")
    return [f"{engine} {name}: {' | '.join(_shortened(what))}" for (engine, name), what in problems.items()]


def _shortened(what: Sequence[str]) -> list[str]:
    rest = len(what) - _MOST
    return [*what[:_MOST], *([f"and {rest} more"] if rest > 0 else [])]


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make matrix", description=__doc__)
    parser.add_argument("only", nargs="*", help=f"engines, such as 25.8 {INSTALLED}; default: all")
    parser.add_argument(
        "--directory", type=Path, default=ROOT / "var" / "engines", help="for engines and data (%(default)s)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
