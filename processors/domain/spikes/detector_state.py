"""The state of the spike detector between two ticks, and the alerts it has raised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from processors.domain.spikes.baseline import Baseline
from processors.domain.spikes.evidence import Evidence
from schemas.records.alerts import Detector

Runs = tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert of an office.

    Attributes:
        detector: The test that raised it.
        anchor: Start of the first dissatisfied pane behind it. The id of the alert is made of it: late data may move
            the instant at which the alert is raised, but seldom its first pane.
        raised_at: End of the pane that raised it.
        cleared_at: When it was cleared; None while open.
        peak: The most improbable window so far.
    """

    office: str
    detector: Detector
    anchor: int
    raised_at: int
    peak: Evidence
    cleared_at: int | None = None


@dataclass(slots=True)
class DetectorState:
    """State of the detector; copied for checkpoints.

    Attributes:
        time: The last tick.
        day: First instant of the day that the baselines are fitted for.
        baselines: Baseline of each office for that day.
        common: Baseline of offices without history.
        allowance: Difference of the drift thresholds of each office from those of the policy.
        cusum: For each office and drift test: the statistic, and the end of the pane where the current run began.
        wakes: When to ask a timed test about an office, by office and test.
        open: Open episode of each office.
        closed: Cleared episodes, oldest first.
    """

    time: int = 0
    day: int = 0
    baselines: dict[str, Baseline] = field(default_factory=dict)
    common: Baseline | None = None
    allowance: dict[str, float] = field(default_factory=dict)
    cusum: dict[str, Runs] = field(default_factory=dict)
    wakes: dict[tuple[str, Detector], int] = field(default_factory=dict)
    open: dict[str, Episode] = field(default_factory=dict)
    closed: list[Episode] = field(default_factory=list)

    def copy(self) -> DetectorState:
        """A copy that can be changed without changing this one."""
        return replace(
            self,
            baselines=dict(self.baselines),
            allowance=dict(self.allowance),
            cusum=dict(self.cusum),
            wakes=dict(self.wakes),
            open=dict(self.open),
            closed=list(self.closed),
        )

    def episodes(self, office: str) -> Sequence[Episode]:
        """The alerts of an office, in order; the open one is the last."""
        return [one for one in (*self.closed, *self.open.values()) if one.office == office]
