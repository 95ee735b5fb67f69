"""Tests each team and step by itself over the window of an alert.

The tests are those of the office, but over the scores of a team or step instead of opinions. They raise no alert: they
show the head of the office where to look first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from processors.domain.spikes.baseline import Baseline, office_baseline
from processors.domain.spikes.office_series import OfficeSeries, Span
from processors.domain.spikes.policy import SpikePolicy
from processors.domain.spikes.statistics import burst_tail, drift_step
from schemas.records.alerts import TargetEvidence
from schemas.records.events import Target

_TESTED = (Target.TEAM, Target.STEP)
_MOST_TARGETS = 5


def target_evidence(
    series: OfficeSeries, window: Span, usual: Sequence[Span], policy: SpikePolicy
) -> tuple[TargetEvidence, ...]:
    """The teams and steps with low scores in a window, the least probable first.

    Args:
        series: Counts of the office.
        window: The window.
        usual: The spans of its history before, alert periods left out.
        policy: Sizes of rises looked for, and the prior of a team or step without history.
    """
    scores, low = series.scores(*window), _low(series, [window])
    known_scores: Counter[str] = Counter()
    for span in usual:
        known_scores.update(series.scores(*span))
    known_low = _low(series, usual)
    common = {kind: _common(kind, known_scores, known_low, policy) for kind in _TESTED}
    found = []
    for name, number in low.items():
        kind, _, target_id = name.partition(":")
        if kind not in common:
            continue
        baseline = office_baseline(common[Target(kind)], known_scores[name], known_low[name], policy)
        given = scores[name]
        found.append(
            TargetEvidence(
                target=kind,
                target_id=target_id,
                scores=given,
                low_scores=number,
                expected=given * baseline.share,
                tail_probability=burst_tail(given, number, baseline),
                cusum=_cusum(series, window, name, baseline, policy),
            )
        )
    found.sort(key=lambda one: (one.tail_probability, -one.low_scores, one.target, one.target_id))
    return tuple(found[:_MOST_TARGETS])


def _low(series: OfficeSeries, spans: Iterable[Span]) -> Counter[str]:
    """Low scores by name. Counts of an older writer lack the number of scores, so their low scores are ignored."""
    found: Counter[str] = Counter()
    for span in spans:
        for pane in series.dissatisfied(*span):
            found.update({name: number for name, number in pane.drivers.items() if name in pane.scores})
    return found


def _common(kind: Target, scores: Mapping[str, int], low: Mapping[str, int], policy: SpikePolicy) -> Baseline:
    """The baseline of a team or step without history: that of all of its kind at the office."""
    mine = f"{kind}:"
    given = sum(number for name, number in scores.items() if name.startswith(mine))
    bad = sum(number for name, number in low.items() if name.startswith(mine))
    weight = policy.prior_strength
    return Baseline((bad + policy.prior_share * weight) / (given + weight), weight)


def _cusum(series: OfficeSeries, window: Span, name: str, baseline: Baseline, policy: SpikePolicy) -> float:
    """The highest of its drift statistics at the end of the window."""
    share = max(baseline.share, policy.least_drift_share)
    low = {pane.end: pane.drivers.get(name, 0) for pane in series.dissatisfied(*window)}
    statistics = [0.0] * len(policy.drifts)
    for end, given in series.scores_of(name, *window):
        steps = zip(statistics, policy.drifts, strict=True)
        statistics = [drift_step(value, given, low.get(end, 0), share, drift.share) for value, drift in steps]
    return max(statistics)
