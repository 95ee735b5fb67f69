"""The state of the spike detector between two instants, and the alerts it has raised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from processors.domain.spikes.baseline import Baseline
from processors.domain.spikes.easing import Easing
from processors.domain.spikes.evidence import Evidence
from schemas.records.alerts import Detector

BEFORE_ALL = -(2**63)
"""An instant before every count."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert of an office.

    Attributes:
        detector: The test that raised it.
        anchor: Start of the first dissatisfied pane behind it. The id of the alert is made of it: late data may move
            the instant at which the alert is raised, but seldom its first pane.
        raised_at: End of the pane that raised it.
        cleared_at: When it was cleared; None while open.
        chance_alarms: How many alarms a month are as strong by chance as this one at its strongest; None: not known.
        peak: The most improbable window so far.
    """

    office: str
    detector: Detector
    anchor: int
    raised_at: int
    peak: Evidence
    cleared_at: int | None = None
    chance_alarms: float | None = None


@dataclass(frozen=True, slots=True)
class DriftRuns:
    """The drift tests of an office.

    Attributes:
        until: All panes that end by then are taken in.
        runs: For each test the statistic, and the end of the pane where the current run began.
    """

    until: int
    runs: tuple[tuple[float, int], ...]


@dataclass(slots=True)
class DetectorState:
    """State of the detector; copied for checkpoints.

    Attributes:
        time: Everything that ends by then is taken in.
        day: First instant of the day that the baselines are fitted for.
        baselines: Baseline of each office for that day.
        common: Baseline of offices without history.
        allowance: Difference of the drift thresholds of each office from those of the policy.
        drift: The drift tests of each office.
        wakes: When to ask a timed test about an office, by office and test.
        open: Open episode of each office.
        easing: Whether its share has come down, by office.
        closed: Cleared episodes of each office, oldest first.
    """

    time: int = BEFORE_ALL
    day: int = BEFORE_ALL
    baselines: dict[str, Baseline] = field(default_factory=dict)
    common: Baseline | None = None
    allowance: dict[str, float] = field(default_factory=dict)
    drift: dict[str, DriftRuns] = field(default_factory=dict)
    wakes: dict[tuple[str, Detector], int] = field(default_factory=dict)
    open: dict[str, Episode] = field(default_factory=dict)
    easing: dict[str, Easing] = field(default_factory=dict)
    closed: dict[str, tuple[Episode, ...]] = field(default_factory=dict)

    def copy(self) -> DetectorState:
        """A copy that can be changed without changing this one."""
        return replace(
            self,
            # Baselines and allowances are replaced as a whole, never changed.
            drift=dict(self.drift),
            wakes=dict(self.wakes),
            open=dict(self.open),
            easing=dict(self.easing),
            closed=dict(self.closed),
        )

    def episodes(self, office: str) -> Sequence[Episode]:
        """The alerts of an office, in order; the open one is the last."""
        closed, open_one = self.closed.get(office, ()), self.open.get(office)
        return closed if open_one is None else (*closed, open_one)
