"""What alerts say of chance is what chance does: false alarms in worlds where nothing happens."""

from __future__ import annotations

import pytest

from benchmarks.alerting.judging import MONTH_DAYS, WARM_UP_DAYS
from benchmarks.alerting.ours import alerts
from benchmarks.alerting.scenarios import NULL
from benchmarks.alerting.world import DAY_MS, START
from processors.domain.spikes.policy import SpikePolicy

SEEDS = range(3000, 3016)
"""Worlds that the figures of the policy were not set on."""


@pytest.mark.long
def test_such_an_alarm_comes_by_chance_as_often_as_its_alert_says() -> None:
    """Of alarms that say "once in m months" or rarer, one comes in m months at an office: within 20 %."""
    said, begin = [], START + WARM_UP_DAYS * DAY_MS
    months = len(SEEDS) * NULL.setting.offices * (NULL.setting.days - WARM_UP_DAYS) / MONTH_DAYS
    for seed in SEEDS:
        said += [one.chance_months for one in alerts(NULL.simulate(seed), SpikePolicy()) if one.raised_at >= begin]
    assert None not in said
    for claimed in (12.2, 18, 30, 60):
        rarer = sum(one >= claimed for one in said if one is not None)
        assert rarer > 30
        assert months / rarer == pytest.approx(claimed, rel=0.2)
