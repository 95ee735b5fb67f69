"""One run of the matrix: section by section, fault by fault; each fault is judged before the next is injected.

A fault has its own round of the load:

1. the declarations of the round begin to be rated: both kinds of events are sent
2. the fault is injected
3. recovery: every group has processed every record that was in Kafka when the fault was over
4. the round is closed and the next one begins at once. Until its step 1 it sends statuses only, at the full rate: the
   audit can compare rating items with facts only while no rating is in flight
5. ClickHouse is compared with the oracle, row by row, until they are equal or time is up
6. the audit must find nothing missing and nothing doubled

At the end of a section, after the load has ended, all its rounds are compared once more, and the alerts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from support.polling import Overdue, eventually

from faults.expected import expected_tables
from faults.injections import Injected, inject
from faults.inputs import read_inputs
from faults.judging import Judged, await_equal
from faults.outcome import Outcome, Run
from faults.schedule import Fault, Section
from faults.site import Site, open_site
from faults.traffic import START_MS, rounds
from schemas.errors import HailongError
from schemas.reference.offices import load_offices
from sinks.audit.report import AuditReport
from sinks.audit.run import audit

_RECOVERY_S = 120.0
_EQUAL_S = 60.0
_AUDIT_S = 45.0
_RATED_S = 1.5
"""Seconds of ratings before the fault, so that something is in flight when it happens."""


def run_section(run: Run, section: Section, tell: Callable[[str], None]) -> Iterator[Outcome]:
    """Inject a section's faults; yields an outcome after each, and one for the end of the section."""
    directory = run.directory / f"section-{section.number}"
    tell(f"section {section.number}: {section.brokers} broker(s), {len(section.faults)} faults: starting")
    with open_site(directory, section, run.seed, run.rate, run.clickhouse, embedded=run.embedded) as site:
        yield from Judge(run, section, site).all()


class Judge:
    """Injects the faults of a section one after another and judges each.

    Args:
        run: Options of the run.
        section: The section.
        site: The running section.
    """

    def __init__(self, run: Run, section: Section, site: Site) -> None:
        self._run = run
        self._section = section
        self._site = site
        self._rounds = iter(rounds([one.code for one in load_offices().offices(START_MS)], run.seed + section.number))
        self._judged: list[Judged] = []
        self._refused = self._refused_at_most = 0

    def all(self) -> Iterator[Outcome]:
        """Every outcome of the section."""
        self._await_caught_up(time.monotonic(), _RECOVERY_S)
        for fault in self._section.faults:
            if time.monotonic() > self._run.deadline:
                break
            yield self._one(fault)
        yield self._end()

    def _one(self, fault: Fault) -> Outcome:
        site = self._site
        started, restarts, rebuilds = time.monotonic(), site.keeper.ends(), self._rebuilds()
        site.load.say("rate")
        time.sleep(_RATED_S)
        outcome = Outcome(fault, self._section.number, inject(site, fault))
        at = outcome.injected.at
        outcome.recovered_s = self._await_caught_up(at, _RECOVERY_S)
        self._judge_round(outcome, at)
        self._audit(outcome)
        outcome.restarts = site.keeper.ends() - restarts
        outcome.rebuilds = self._rebuilds() - rebuilds
        outcome.seconds = time.monotonic() - started
        return outcome

    def _rebuilds(self) -> int:
        return self._site.logs("worker").count('"event": "view_rebuilt"')

    def _await_caught_up(self, since: float, patience_s: float) -> float | None:
        """Wait until all groups have processed what is in Kafka now; seconds since the fault, None: not in time."""
        progress = self._site.progress
        ends: Mapping[Any, int] | None = None

        def done() -> bool:
            nonlocal ends
            try:
                ends = ends or progress.ends()
                return progress.behind(ends) == 0
            except HailongError:
                return False  # Kafka does not answer yet

        try:
            eventually(done, "the groups catch up", within_s=patience_s)
        except Overdue:
            return None
        return time.monotonic() - since

    def _judge_round(self, outcome: Outcome, at: float, command: str = "close") -> None:
        """Close the round and compare it until it is equal or time is up."""
        of = next(self._rounds)
        path = self._run.directory / f"section-{self._section.number}" / f"round-{of.number}.inputs"
        self._site.load.say(f"{command} {path}")
        answer = self._site.load.answer(_RECOVERY_S)
        assert answer["closed"] == of.number, answer
        outcome.events, outcome.rate = answer["acknowledged"], answer["acknowledged"] / answer["seconds"]
        if answer["sent_again"]:
            outcome.injected.notes.append("the load had to send events again")
        inputs = read_inputs(path)
        path.unlink()
        self._refused += inputs.refused
        self._refused_at_most += inputs.refused * (1 + answer["sent_again"])
        judged = Judged(of, path.with_suffix(".expected"))
        judged.put(expected_tables(inputs))
        self._judged.append(judged)
        verdict = await_equal(self._site.clickhouse, [judged], _EQUAL_S)
        if verdict.equal:
            outcome.equal_s = time.monotonic() - at
        outcome.lost, outcome.doubled, outcome.rows = verdict.lost, verdict.doubled, verdict.rows
        outcome.examples = verdict.examples()

    def _audit(self, outcome: Outcome) -> None:
        """Repeat the audit until it is clean or time is up."""
        report: AuditReport | None = None
        deadline = time.monotonic() + _AUDIT_S
        while report is None or not report.clean:
            try:
                report = audit(self._site.kafka, self._site.clickhouse, settle_s=3.0)
            except HailongError as error:
                outcome.examples.append(f"audit: {error}")
            if time.monotonic() > deadline:
                break
        if report is None:
            return
        outcome.audit_clean = report.clean
        outcome.lost += report.missing
        outcome.doubled += report.doubled
        outcome.dead_letters = sum(topic.dead_lettered for topic in report.topics)
        outcome.examples += [f"audit: {one}" for one in report.topics if one.missing or one.doubled]
        if report.services.missing or report.services.doubled:
            outcome.examples.append(f"audit: {report.services}")

    def _end(self) -> Outcome:
        """Compare all rounds once more, and the alerts, after the load has ended."""
        outcome = Outcome(None, self._section.number, Injected(time.monotonic()))
        self._judge_round(outcome, outcome.injected.at, "end")
        outcome.recovered_s = self._await_caught_up(outcome.injected.at, _RECOVERY_S)
        verdict = await_equal(self._site.clickhouse, self._judged, _EQUAL_S, alerts=True)
        outcome.equal_s = time.monotonic() - outcome.injected.at if verdict.equal else None
        outcome.lost, outcome.doubled, outcome.rows = verdict.lost, verdict.doubled, verdict.rows
        outcome.examples = verdict.examples()
        self._audit(outcome)
        self._count_dead_letters(outcome)
        return outcome

    def _count_dead_letters(self, outcome: Outcome) -> None:
        """Expect one dead letter for each refused record, however often worker and sink refused it."""
        missing = max(0, self._refused - outcome.dead_letters)
        extra = max(0, outcome.dead_letters - self._refused_at_most)
        outcome.lost += missing
        outcome.doubled += extra
        if missing or extra:
            outcome.examples.append(f"{outcome.dead_letters} dead letters for {self._refused} refused records")
