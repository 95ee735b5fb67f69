"""Tests each team and step by itself over the window of an alert.

The tests are those of the office, but over the scores of a team or step instead of opinions. They raise no alert: they
show the head of the office where to look first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from processors.domain.spikes.baseline import Baseline, office_baseline
from processors.domain.spikes.policy import SpikePolicy
from processors.domain.spikes.statistics import burst_tail, drift_step
from schemas.records.alerts import TargetEvidence
from schemas.records.events import Target
from schemas.records.facts import OfficeCount

_TESTED = (Target.TEAM, Target.STEP)
_MOST_TARGETS = 5

Totals = Counter[str]


def target_evidence(
    window: Sequence[OfficeCount], history: Iterable[OfficeCount], policy: SpikePolicy
) -> tuple[TargetEvidence, ...]:
    """The teams and steps with low scores in a window, the least probable first.

    Args:
        window: Counts of the office in the window, in order of time.
        history: Its counts before, alert periods left out.
        policy: Sizes of rises looked for, and the prior of a team or step without history.
    """
    scores, low = _totals(window)
    known_scores, known_low = _totals(history)
    usual = {kind: _usual(kind, known_scores, known_low, policy) for kind in _TESTED}
    found = []
    for name, number in low.items():
        kind, _, target_id = name.partition(":")
        if kind not in usual:
            continue
        baseline = office_baseline(usual[Target(kind)], known_scores[name], known_low[name], policy)
        given = scores[name]
        found.append(
            TargetEvidence(
                target=kind,
                target_id=target_id,
                scores=given,
                low_scores=number,
                expected=given * baseline.share,
                tail_probability=burst_tail(given, number, baseline),
                cusum=max(_cusum(window, name, baseline, drift.share, policy) for drift in policy.drifts),
            )
        )
    found.sort(key=lambda one: (one.tail_probability, -one.low_scores, one.target, one.target_id))
    return tuple(found[:_MOST_TARGETS])


def _totals(counts: Iterable[OfficeCount]) -> tuple[Totals, Totals]:
    scores, low = Counter[str](), Counter[str]()
    for count in counts:
        scores.update(count.scores)
        # Counts of an older writer lack the number of scores, so their low scores are ignored.
        low.update({name: number for name, number in count.drivers.items() if name in count.scores})
    return scores, low


def _usual(kind: Target, scores: Totals, low: Totals, policy: SpikePolicy) -> Baseline:
    """The baseline of a team or step without history: that of all of its kind at the office."""
    mine = f"{kind}:"
    given = sum(number for name, number in scores.items() if name.startswith(mine))
    bad = sum(number for name, number in low.items() if name.startswith(mine))
    weight = policy.prior_strength
    return Baseline((bad + policy.prior_share * weight) / (given + weight), weight)


def _cusum(
    window: Iterable[OfficeCount], name: str, baseline: Baseline, drift_share: float, policy: SpikePolicy
) -> float:
    share, statistic = max(baseline.share, policy.least_drift_share), 0.0
    for count in window:
        given = count.scores.get(name)
        if given is not None:
            statistic = drift_step(statistic, given, count.drivers.get(name, 0), share, drift_share)
    return statistic
