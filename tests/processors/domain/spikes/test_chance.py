"""How often an alarm comes by chance: the formulas. Tests of the benchmark compare them with simulated chance."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.domain.spikes.chance import burst_alarms, drift_alarms, months_between
from processors.domain.spikes.policy import DAY_MS, SpikePolicy
from schemas.reference.wording import how_often

POLICY = SpikePolicy()
YEAR_MS = 180 * DAY_MS


@given(st.floats(0, 20), st.floats(0, 20))
def test_a_stronger_drift_is_rarer_by_the_same_factor_everywhere(one: float, more: float) -> None:
    """From the rate at the threshold on, exponentially."""
    ratio = drift_alarms(one + more, POLICY) / drift_alarms(one, POLICY)
    assert ratio == pytest.approx(math.exp(-0.6 * more))
    assert drift_alarms(0, POLICY) == POLICY.drift_alarms


def test_a_burst_is_as_frequent_as_its_looks() -> None:
    """Twice as many opinions, or twice the share, give twice as many looks; never more than the test raises at all."""
    once = burst_alarms(1e-6, 2400, YEAR_MS, 0.02, POLICY)
    assert burst_alarms(1e-6, 4800, YEAR_MS, 0.02, POLICY) == pytest.approx(2 * once, rel=0.05)
    assert burst_alarms(1e-6, 2400, YEAR_MS, 0.04, POLICY) == pytest.approx(2 * once)
    assert once == pytest.approx(3 * 1e-6 * 2400 / 180 * (365 / 12) * 0.02, rel=0.01)
    assert burst_alarms(1.0, 2400, YEAR_MS, 0.02, POLICY) == POLICY.burst_alarms
    assert burst_alarms(1e-6, 0, 0, 0.02, POLICY) == pytest.approx(once, rel=0.01)  # a new office is not a small one


@pytest.mark.parametrize(
    ("months", "words"),
    [
        (1.2, "about once a month"),
        (14.3, "about once in 14 months"),
        (30, "about once in 2 years"),
        (239, "about once in 20 years"),
        (241, "less than once in 20 years"),
    ],
)
def test_how_often_it_comes_in_words(months: float, words: str) -> None:
    """In months up to two years, then in years; in Vietnamese with the same number."""
    vietnamese, english = how_often(months)
    assert english == words
    number = "".join(filter(str.isdigit, words))
    assert "".join(filter(str.isdigit, vietnamese)) == number


def test_nothing_is_rarer_than_can_be_said() -> None:
    """A probability of 0 is a very long time, and no error."""
    assert months_between(0.0) == pytest.approx(1e9)
    assert months_between(0.05) == 20
