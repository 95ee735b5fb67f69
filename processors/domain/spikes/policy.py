"""What the spike detector may be told."""

from __future__ import annotations

from dataclasses import dataclass

from processors.domain.panes import HOUR_MS

DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class SpikePolicy:
    """Thresholds of the detector.

    Attributes:
        burst_window_ms: Length of the window of the burst test.
        drift_window_ms: Window whose evidence accompanies a drift alert.
        history_ms: How far back a baseline looks; it ends a burst window before the present.
        horizon_ms: Counts older than this before stream time are forgotten.
        prior_share: Expected share of dissatisfied opinions before anything is known (Hai Phong, 1 April - 27 May
            2020: about 1.7 % at 3 stars or below).
        prior_strength: Weight of that expectation, in opinions.
        strength_bounds: Limits of the fitted weight of the common baseline, in opinions.
        weight_limit: Largest weight of an office's own baseline: true shares wander, so no baseline is certain.
        false_discovery_rate: Share of false alerts accepted among those raised at one tick.
        least_dissatisfied: Alerts need at least so many distinct dissatisfied enterprises.
        least_drift_share: The drift test takes no baseline below this: below it, three sheets would do.
        drift_share: Share of dissatisfied opinions that the drift test is tuned to find.
        drift_threshold: Value of the CUSUM statistic that raises an alert.
        clear_probability: An alert is cleared when the tail probability of its window has risen above this.
    """

    burst_window_ms: int = DAY_MS
    drift_window_ms: int = 7 * DAY_MS
    history_ms: int = 60 * DAY_MS
    horizon_ms: int = 120 * DAY_MS
    prior_share: float = 0.017
    prior_strength: float = 150.0
    strength_bounds: tuple[float, float] = (60.0, 1000.0)
    weight_limit: float = 1000.0
    false_discovery_rate: float = 0.005
    least_dissatisfied: int = 3
    least_drift_share: float = 0.01
    drift_share: float = 0.08
    drift_threshold: float = 6.5
    clear_probability: float = 0.05
