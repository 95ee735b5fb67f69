"""The spans of an office's history that its baseline is fitted to."""

from __future__ import annotations

from collections.abc import Sequence

from processors.domain.spikes.detector_state import Episode
from processors.domain.spikes.office_series import OfficeSeries, Span
from processors.domain.spikes.policy import SpikePolicy


def usual_spans(episodes: Sequence[Episode], until: int, policy: SpikePolicy) -> list[Span]:
    """The spans of the history before an instant that lie outside an office's alert periods."""
    if not episodes:
        return [(until - policy.history_ms, until)]
    after = until - policy.history_ms
    spans = []
    for start, end in _alerted(episodes, after, until, policy):
        spans.append((after, start))
        after = end
    return [*spans, (after, until)]


def effective_totals(series: OfficeSeries, spans: Sequence[Span]) -> tuple[int, int]:
    """Effective opinions, and dissatisfied ones, in the spans."""
    found = [series.effective(*span) for span in spans]
    return sum(n for n, _k in found), sum(k for _n, k in found)


def _alerted(episodes: Sequence[Episode], after: int, until: int, policy: SpikePolicy) -> list[Span]:
    """Alert periods within an interval, without overlaps."""
    found: list[Span] = []
    for episode in sorted(episodes, key=lambda one: one.raised_at - one.peak.window_ms):
        cleared = until if episode.cleared_at is None else episode.cleared_at
        start = max(after, episode.raised_at - episode.peak.window_ms, found[-1][1] if found else after)
        end = min(until, cleared, episode.raised_at + policy.exclusion_ms)
        if start < end:
            found.append((start, end))
    return found
