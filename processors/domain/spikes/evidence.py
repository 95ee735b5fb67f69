"""What an alert shows, so that a person can check it by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from processors.domain.panes import HOUR_MS
from processors.domain.spikes.baseline import Baseline
from processors.domain.spikes.office_series import LowPane, OfficeSeries, Span
from processors.domain.spikes.policy import SpikePolicy
from processors.domain.spikes.statistics import burst_tail
from processors.domain.spikes.target_evidence import target_evidence
from schemas.records.alerts import Driver, TargetEvidence
from schemas.records.events import Target

OfficeName = Callable[[str, int], str]
"""Display name of an office at an instant."""

_LOCAL = timedelta(hours=7)  # Viet Nam has one time zone and no daylight saving
_MOST_DRIVERS = 5
_IMPROBABLE = 0.05


@dataclass(frozen=True, slots=True)
class Evidence:
    """A tested window of one office; fields as in `alert`.

    Attributes:
        until: End of the window, which holds the panes that end in (until - window_ms, until].
        drivers: This and what follows is filled in when an alert is written (`explained`): tests do not look at it.
    """

    until: int
    window_ms: int
    opinions: int
    dissatisfied: int
    enterprises: int
    baseline: Baseline
    tail: float
    adjusted: float
    cusum: float
    drivers: tuple[Driver, ...] = ()
    complaint_ids: tuple[str, ...] = ()
    targets: tuple[TargetEvidence, ...] = ()

    @property
    def start(self) -> int:
        """Begin of the window."""
        return self.until - self.window_ms


def window_evidence(series: OfficeSeries, until: int, window_ms: int, baseline: Baseline, cusum: float) -> Evidence:
    """Evidence of the window of an office that ends at `until`.

    One enterprise counts once, however many sheets it sent: an angry firm is a complaint, not a spike.
    """
    opinions, dissatisfied = series.totals(until - window_ms, until)
    enterprises = distinct_enterprises(series.dissatisfied(until - window_ms, until))
    tail = burst_tail(opinions, min(dissatisfied, enterprises), baseline)
    return Evidence(until, window_ms, opinions, dissatisfied, enterprises, baseline, tail, adjusted=tail, cusum=cusum)


def explained(evidence: Evidence, series: OfficeSeries, usual: Sequence[Span], policy: SpikePolicy) -> Evidence:
    """The evidence with what stands out in its window.

    Args:
        evidence: Evidence of the office.
        series: The counts of the office.
        usual: The spans of its history that its teams and steps are compared with.
        policy: Of the tests.
    """
    panes = series.dissatisfied(evidence.start, evidence.until)
    return replace(
        evidence,
        drivers=_drivers(panes),
        complaint_ids=tuple(sorted({one for pane in panes for one in pane.complaint_ids})),
        targets=target_evidence(series, (evidence.start, evidence.until), usual, policy),
    )


def window_tail(series: OfficeSeries, until: int, window_ms: int, baseline: Baseline) -> float:
    """The tail probability of `window_evidence` alone."""
    opinions, dissatisfied = series.totals(until - window_ms, until)
    if not dissatisfied:
        return 1.0
    enterprises = distinct_enterprises(series.dissatisfied(until - window_ms, until))
    return burst_tail(opinions, min(dissatisfied, enterprises), baseline)


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


def _standing_out(evidence: Evidence) -> str:
    """Names for the sentence, at most two: teams and steps beyond chance with their numbers, then the most frequent."""
    tested = {
        one.name: f"{one.name} ({one.low_scores}/{one.scores})"
        for one in evidence.targets
        if one.tail_probability <= _IMPROBABLE
    }
    frequent = [driver.name for driver in evidence.drivers if driver.name not in tested]
    return ", ".join([*tested.values(), *frequent][:2])


def sentences(name: str, phrases: tuple[str, str], evidence: Evidence) -> tuple[str, str]:
    """One sentence in Vietnamese and one in English; `phrases` say in both how dissatisfaction rose."""
    local = datetime.fromtimestamp(evidence.until / 1000, UTC) + _LOCAL
    hours = evidence.window_ms // HOUR_MS
    expected = evidence.opinions * evidence.baseline.share
    main = _standing_out(evidence)
    kind_vi, kind_en = phrases
    vi = (
        f"{name}: đánh giá không hài lòng {kind_vi}, {evidence.dissatisfied} trên {evidence.opinions} phiếu của "
        f"{evidence.enterprises} doanh nghiệp trong {hours} giờ đến {local:%H:%M ngày %d/%m/%Y} "
        f"(bình thường khoảng {expected:.1f})"
    )
    en = (
        f"{name}: {kind_en} of dissatisfaction, {evidence.dissatisfied} of {evidence.opinions} sheets from "
        f"{evidence.enterprises} enterprises in the {hours} hours to {local:%Y-%m-%d %H:%M} local time "
        f"(about {expected:.1f} expected)"
    )
    return (f"{vi}; nổi bật: {main}.", f"{en}; standing out: {main}.") if main else (f"{vi}.", f"{en}.")
