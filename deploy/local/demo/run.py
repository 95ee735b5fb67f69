"""The demo from an empty directory to the report."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from deploy.errors import Mistake
from deploy.local.broker_kind import Broker
from deploy.local.clickhouse_kind import ClickHouseKind
from deploy.local.demo import report
from deploy.local.demo.figures import collect
from deploy.local.demo.progress import Show, StackStatus, live
from deploy.local.stack.flow import Flow
from deploy.local.stack.layout import Layout
from deploy.local.stack.plan import simulator_child
from deploy.local.stack.stack import Stack
from deploy.stop_signal import stop_on_signals
from schemas.errors import HailongError, OutcomeUnknown, Unavailable
from schemas.reference.offices import load_offices
from sinks.audit.run import audit
from sinks.clickhouse.client import query

LOOK_S = 0.25
RESULTS_EVERY_S = 2.0
IDLE_ADVANCE_S = 3.0
"""After this long without events the wall clock advances stream time: ratings without declaration become unmatched."""

QUIET_S = IDLE_ADVANCE_S + 3.0
"""If nothing changes for this long, the workers have also done what is due after the last event."""

LONGEST_S = 1800.0
"""A longer run counts as hanging."""

_RESULTS = """
SELECT count(), countIf(level >= 4),
       (SELECT count() FROM complaint FINAL WHERE case_track != 'REMARK'),
       (SELECT count() FROM alert FINAL WHERE state != 'RETRACTED')
FROM (SELECT min(score) AS level FROM rated_service FINAL WHERE state != 'SUPERSEDED' AND counts GROUP BY declaration)
"""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """Options of the demo."""

    directory: Path  # for all files of the run
    seed: int
    scale: float  # 1 for the full volume of Hai Phong
    workers: int
    keep: bool  # whether the stack stays until Ctrl-C after the report
    broker: Broker = Broker.EMBEDDED
    clickhouse: ClickHouseKind = ClickHouseKind.EMBEDDED


def run(options: DemoOptions, console: Console, variables: Mapping[str, str]) -> int:
    """Play the scenario and report; returns the exit status: 0, or 1 if the results are wrong.

    Raises:
        HailongError: A server does not start, a process keeps crashing, or the run hangs.
    """
    layout = Layout(options.directory.resolve())
    started = time.monotonic()
    kept = {name: value for name, value in variables.items() if name.startswith("HAILONG_LOG_")}
    settings = {**kept, "HAILONG_WORKER_IDLE_ADVANCE_S": str(IDLE_ADVANCE_S)}
    with stop_on_signals() as stop:
        _empty(layout)
        with Stack(
            layout,
            settings,
            workers=options.workers,
            broker=options.broker,
            clickhouse=options.clickhouse,
            stopping=stop.is_set,
        ) as stack:
            console.print(f"All files of this run are in {options.directory}", highlight=False)
            stack.start_servers(lambda step: console.print(step, highlight=False))
            console.print(
                "Broker and ClickHouse are ready, with topics and tables. Starting workers, sink and simulator."
            )
            stack.start_pipeline()
            truth = layout.directory / "truth.json"
            if not stop.is_set():
                stack.supervisor.start(simulator_child(layout, options.seed, options.scale, truth))
            with stack.flow() as flow, live(console) as show:
                _play(stack, flow, truth, show, stop)
            if stop.is_set():
                console.print("Interrupted; stopping everything.")
                return 130
            status = _report(stack, truth, started, console)
            if options.keep:
                console.print(
                    f'The stack still runs: hailong sql --dir {options.directory} "SHOW TABLES". Ctrl-C ends it.'
                )
                while not stop.wait(LOOK_S):
                    stack.supervisor.tend()
            console.print("Stopping everything.")
    return status


def _empty(layout: Layout) -> None:
    """Remove the files of an earlier demo, and nothing else.

    Raises:
        Mistake: Files with these names exist that no demo has written.
    """
    with layout.locked():
        kept = (layout.clickhouse, layout.clickhouse_server, layout.logs, layout.broker, layout.kafka, layout.snapshots)
        mark, truth = layout.directory / ".demo", layout.directory / "truth.json"
        if not mark.exists() and not truth.exists():
            foreign = [directory.name for directory in kept if directory.exists()]
            if foreign:
                names = ", ".join(foreign)
                raise Mistake(f"{layout.directory} holds {names}, not written by a demo: choose another with --dir.")
        mark.touch()
        for directory in kept:
            shutil.rmtree(directory, ignore_errors=True)
        for path in (truth, layout.directory / "report.json"):
            path.unlink(missing_ok=True)


def _play(stack: Stack, flow: Flow, truth: Path, show: Show, stop: threading.Event) -> None:
    """Wait until all events are in ClickHouse and nothing follows."""
    total, status_now, results, looked, quiet_since = 0, StackStatus(), (0, 0, 0, 0), 0.0, time.monotonic()
    deadline = time.monotonic() + LONGEST_S
    while not stop.wait(LOOK_S):
        stack.supervisor.tend()
        total = total or _total(truth)
        if time.monotonic() - looked >= RESULTS_EVERY_S:
            results, looked = _results(stack), time.monotonic()
        before, status_now = status_now, _look(flow, total, results)
        show(status_now)
        moved = before.written != status_now.written or status_now.loaded < status_now.written
        if moved or not stack.supervisor.done("simulator") or flow.worker_lag():
            quiet_since = time.monotonic()
        if time.monotonic() - quiet_since >= QUIET_S:
            return
        if time.monotonic() > deadline:
            raise HailongError(f"the run has not finished after {LONGEST_S:.0f} s; see {stack.layout.logs}")


def _look(flow: Flow, total: int, results: tuple[int, int, int, int]) -> StackStatus:
    opinions, satisfied, complaints, alerts = results
    joining, loading = flow.workers[0].look(), flow.sink.look()
    return StackStatus(
        produced=joining.written,
        total=total,
        joined=joining.written - joining.behind,
        loaded=loading.written - loading.behind,
        written=loading.written,
        opinions=opinions,
        satisfied_percent=100 * satisfied / opinions if opinions else None,
        complaints=complaints,
        alerts=alerts,
    )


def _results(stack: Stack) -> tuple[int, int, int, int]:
    try:
        opinions, satisfied, complaints, alerts = query(stack.clickhouse, _RESULTS)[0]
    except (Unavailable, OutcomeUnknown):
        return 0, 0, 0, 0  # only for display; the supervisor reports a ClickHouse that stays away
    return opinions, satisfied, complaints, alerts


def _total(truth: Path) -> int:
    return int(json.loads(truth.read_text(encoding="utf-8"))["records_sent"]) if truth.exists() else 0


def _report(stack: Stack, truth: Path, started: float, console: Console) -> int:
    figures = collect(lambda sql: query(stack.clickhouse, sql))
    audited = audit(stack.kafka, stack.clickhouse)
    known: Mapping[str, Any] = json.loads(truth.read_text(encoding="utf-8"))
    spike = known["planted_spike"]
    done = report.DemoRun(
        elapsed_s=time.monotonic() - started,
        peak_rss_mib=stack.peak_rss_mib(),
        missing=audited.missing,
        doubled=audited.doubled,
        planted_office=spike["office"],
        planted_at=datetime.fromtimestamp(spike["started_at"] / 1000, UTC),
        answers_sent=known["answers"],
    )
    name = partial(load_offices().name, at_ms=spike["started_at"])
    path = stack.layout.directory / "report.json"
    path.write_text(report.as_json(figures, done, name), encoding="utf-8")
    report.show(console, figures, done, name)
    console.print(f"As JSON: {path}")
    wrong = list(report.problems(figures, done))
    for problem in wrong:
        console.print(f"[bold red]{problem}[/]")
    return 1 if wrong else 0
