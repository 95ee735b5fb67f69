"""What an alert shows, so that a person can check it by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from processors.domain.panes import HOUR_MS
from processors.domain.spikes.baseline import Baseline
from processors.domain.spikes.office_series import LowPane, OfficeSeries, Span
from processors.domain.spikes.policy import DAY_MS, SpikePolicy
from processors.domain.spikes.statistics import burst_tail
from processors.domain.spikes.target_evidence import target_evidence
from schemas.records.alerts import Driver, TargetEvidence
from schemas.records.events import Target

OfficeName = Callable[[str, int], str]
"""Display name of an office at an instant."""

ThingName = Callable[[str, str, int], str]
"""Display name of a team, step or reason of an office at an instant, given as in `drivers`."""


def as_coded(_office: str, coded: str, _at: int) -> str:
    """The code itself: for whoever has no reference data."""
    return coded


_MOST_DRIVERS = 5
_IMPROBABLE = 0.05


@dataclass(frozen=True, slots=True)
class LastDay:
    """The 24 hours up to the end of a window: what an alert of weeks says about today."""

    opinions: int
    dissatisfied: int
    enterprises: int


@dataclass(frozen=True, slots=True)
class Crowd:
    """The hour of a window in which the most enterprises were dissatisfied.

    Attributes:
        until: Its end.
        enterprises: How many there were.
    """

    until: int
    enterprises: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """A tested window of one office; fields as in `alert`.

    Attributes:
        until: End of the window, which holds the panes that end in (until - window_ms, until].
        drivers: This and what follows is filled in when an alert is written (`explained`): tests do not look at it.
        standing_out: Names of what stands out, for the sentence.
        last_day: What the last day of the window holds.
        crowd: Its fullest hour, if that makes a campaign; None: no hour does.
        chance_months: Months from one such alarm to the next when nothing changes; None: not known.
    """

    until: int
    window_ms: int
    opinions: int
    dissatisfied: int
    enterprises: int
    effective_opinions: int
    baseline: Baseline
    tail: float
    adjusted: float
    cusum: float
    drivers: tuple[Driver, ...] = ()
    complaint_ids: tuple[str, ...] = ()
    targets: tuple[TargetEvidence, ...] = ()
    standing_out: str = ""
    last_day: LastDay | None = None
    crowd: Crowd | None = None
    chance_months: float | None = None

    @property
    def start(self) -> int:
        """Begin of the window."""
        return self.until - self.window_ms


def window_evidence(series: OfficeSeries, until: int, window_ms: int, baseline: Baseline, cusum: float) -> Evidence:
    """Evidence of the window of an office that ends at `until`.

    One enterprise counts once, however many sheets it sent: an angry firm is a complaint, not a spike.
    """
    opinions, dissatisfied = series.totals(until - window_ms, until)
    effective, _low = series.effective(until - window_ms, until)
    enterprises = distinct_enterprises(series.dissatisfied(until - window_ms, until))
    tail = burst_tail(effective, enterprises, baseline)
    return Evidence(
        until, window_ms, opinions, dissatisfied, enterprises, effective, baseline, tail, adjusted=tail, cusum=cusum
    )


def explained(
    evidence: Evidence, series: OfficeSeries, usual: Sequence[Span], policy: SpikePolicy, name: Callable[[str], str]
) -> Evidence:
    """The evidence with what stands out in its window, and with its last day.

    Args:
        evidence: Evidence of the office.
        series: The counts of the office.
        usual: The spans of its history that its teams and steps are compared with.
        policy: Of the tests.
        name: Display names of teams, steps and reasons.
    """
    panes = series.dissatisfied(evidence.start, evidence.until)
    drivers, targets = _drivers(panes), target_evidence(series, (evidence.start, evidence.until), usual, policy)
    return replace(
        evidence,
        drivers=drivers,
        complaint_ids=tuple(sorted({one for pane in panes for one in pane.complaint_ids})),
        targets=targets,
        standing_out=_standing_out(drivers, targets, name),
        last_day=_last_day(series, evidence.until),
        crowd=_crowd(panes, policy.campaign_enterprises),
    )


def _last_day(series: OfficeSeries, until: int) -> LastDay:
    opinions, dissatisfied = series.totals(until - DAY_MS, until)
    return LastDay(opinions, dissatisfied, distinct_enterprises(series.dissatisfied(until - DAY_MS, until)))


def _crowd(panes: Sequence[LowPane], least: int) -> Crowd | None:
    """The first of the fullest hours, if at least so many enterprises were dissatisfied in it."""
    fullest: Crowd | None = None
    first = 0
    for last, pane in enumerate(panes):
        while panes[first].end <= pane.end - HOUR_MS:
            first += 1
        here = distinct_enterprises(panes[first : last + 1])
        if here >= least and (fullest is None or here > fullest.enterprises):
            fullest = Crowd(pane.end, here)
    return fullest


def window_tail(series: OfficeSeries, until: int, window_ms: int, baseline: Baseline) -> float:
    """The tail probability of `window_evidence` alone."""
    panes = series.dissatisfied(until - window_ms, until)
    if not panes:
        return 1.0
    effective, _low = series.effective(until - window_ms, until)
    return burst_tail(effective, distinct_enterprises(panes), baseline)


def distinct_enterprises(panes: Iterable[LowPane]) -> int:
    """How many enterprises are behind the dissatisfied opinions of some panes."""
    return len({tax_code for pane in panes for tax_code in pane.enterprises})


def _drivers(panes: Iterable[LowPane]) -> tuple[Driver, ...]:
    """Teams, steps and reasons with the most low scores. Not officials: an alert goes to many people."""
    total: Counter[str] = Counter()
    for pane in panes:
        total.update({name: low for name, low in pane.drivers.items() if not name.startswith(f"{Target.OFFICIAL}:")})
    ranked = sorted(total.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(Driver(name, number) for name, number in ranked[:_MOST_DRIVERS])


def _standing_out(drivers: Sequence[Driver], targets: Sequence[TargetEvidence], name: Callable[[str], str]) -> str:
    """Names for the sentence, at most two: teams and steps beyond chance with their numbers, then the most frequent."""
    tested = {
        one.name: f"{name(one.name)} ({one.low_scores}/{one.scores})"
        for one in targets
        if one.tail_probability <= _IMPROBABLE
    }
    frequent = [name(driver.name) for driver in drivers if driver.name not in tested]
    return ", ".join([*tested.values(), *frequent][:2])
