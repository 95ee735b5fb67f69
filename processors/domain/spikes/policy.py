"""Thresholds of the spike detector."""

from __future__ import annotations

from dataclasses import dataclass

from processors.domain.panes import HOUR_MS
from schemas.reference.outages import Outage

DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Drift:
    """One drift test.

    Attributes:
        share: Share of dissatisfied opinions that it is tuned to find.
        threshold: Value of its CUSUM statistic that raises an alert.
    """

    share: float
    threshold: float


@dataclass(frozen=True, slots=True)
class SpikePolicy:
    """Thresholds of the detector.

    Attributes:
        burst_window_ms: Length of the window of the burst test.
        drift_window_ms: Shortest window of a drift alert; a longer run is shown whole.
        longest_window_ms: Longest window of a drift alert.
        history_ms: Length of the history of a baseline; it ends one burst window before now.
        exclusion_ms: An alert period is excluded from baselines for at most this long. A change that lasts longer is
            the new normal; otherwise an office that is always worse than others would raise alerts for ever.
        prior_share: Expected share of dissatisfied opinions before anything is known (Hai Phong, 1 April - 27 May
            2020: about 1.7 % at 3 stars or below).
        prior_strength: Weight of that expectation, in opinions.
        strength_bounds: Limits of the fitted weight of the common baseline, in opinions.
        weight_limit: Largest weight of an office's own baseline, in opinions. True shares drift, and days of one office
            differ by more than chance: with a larger weight, busy offices would raise bursts on merely bad days.
        false_discovery_rate: Share of false alerts accepted among those raised at one tick.
        enterprise_most: An enterprise counts at an office in so many panes of a week with satisfied opinions of it, and
            in so many with dissatisfied ones (`effective_opinions`).
        least_dissatisfied: Alerts need at least so many distinct dissatisfied enterprises.
        least_drift_share: Lowest baseline of the drift test; below it, three sheets would raise an alert.
        usual_opinions: Opinions of a typical office within `history_ms`; for it, the drift thresholds hold unchanged.
        unknown_ms: Weight of the typical office in the estimate for a new office, as observed time.
        allowance_slope: Growth of the drift thresholds when an office has e times as many opinions.
        most_allowance: Largest such difference, up or down.
        drifts: The drift tests: one for small rises, which needs many opinions, to one for large ones.
        easing_threshold: Value of the test of an open alert (`easing`) at which its share has come down: that it has is
            then twenty times as likely as that it has not (ln 20 = 3.0).
        silence_ms: An alert ends when its office got no opinion for so long: longer than Tết.
        drift_alarms: False alarms of the drift tests an office and month, at any size of an office: by simulation.
        drift_decay: How fast they become rarer with the largest statistic: with 1 more there are exp(-drift_decay)
            times as many. By simulation; with independent opinions and a known share it would be 1.
        burst_factor: How much more probable a window is at a look than its tail probability says: by simulation.
        burst_alarms: False alarms of the burst test an office and month: by simulation. False-discovery control raises
            no more, however many looks there are.
        campaign_enterprises: So many enterprises that are dissatisfied within an hour are named in an alert: people
            judge a campaign, or a morning on which all met the same trouble, otherwise than a rise. Raises nothing.
        outages: Counts of panes that begin in an outage are ignored.
        clear_probability: An alert is cleared when the tail probability of its window is above this
        clear_factor: and above this many times the lowest one, up to one half. The run of a slow rise may raise an
            alert while its window is hardly improbable; without this factor the next satisfied opinion would clear it.
    """

    burst_window_ms: int = DAY_MS
    drift_window_ms: int = 7 * DAY_MS
    longest_window_ms: int = 60 * DAY_MS
    history_ms: int = 180 * DAY_MS
    exclusion_ms: int = 30 * DAY_MS
    prior_share: float = 0.017
    prior_strength: float = 150.0
    strength_bounds: tuple[float, float] = (60.0, 1000.0)
    weight_limit: float = 150.0
    false_discovery_rate: float = 0.01
    enterprise_most: int = 2
    least_dissatisfied: int = 3
    least_drift_share: float = 0.01
    usual_opinions: float = 2400.0
    unknown_ms: int = 7 * DAY_MS
    allowance_slope: float = 2.2
    most_allowance: float = 5.0
    drifts: tuple[Drift, ...] = (Drift(0.05, 6.85), Drift(0.14, 6.45))
    clear_probability: float = 0.05
    clear_factor: float = 4.0
    easing_threshold: float = 3.0
    silence_ms: int = 14 * DAY_MS
    drift_alarms: float = 0.077
    drift_decay: float = 0.6
    burst_factor: float = 3.0
    burst_alarms: float = 0.0035
    campaign_enterprises: int = 10
    outages: tuple[Outage, ...] = ()
