"""How often the interval of a fair score holds the truth, where enterprises have moods and rate unequally often."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.scores import estimates

OFFICIALS = 21
WORLDS = 200
LEAST = 0.90
"""What a 95 % interval must reach at least: for all officials, and for those who are truly the worst tenth."""


def rounded(opinion: Any) -> Any:
    """An opinion as stars."""
    return np.clip(np.rint(opinion), 1, 5)


def world(chance: np.random.Generator, firms: int, mood: float) -> tuple[Any, list[list[tuple[str, int]]]]:
    """The true mean of each official over the moods of all enterprises, and the opinions about him.

    Moods last: four fifths of one are about everybody, the rest about one official. Some enterprises rate very often.
    """
    quality = 4.2 + 0.3 * chance.standard_normal(OFFICIALS)
    moods = mood * (0.8 * chance.standard_normal(firms)[None, :] + 0.6 * chance.standard_normal((OFFICIALS, firms)))
    activity = chance.pareto(1.2, firms) + 1
    whole = mood * chance.standard_normal(5_000) + 0.8 * chance.standard_normal(5_000)
    truth = np.array([rounded(one + whole).mean() for one in quality])
    samples = []
    for official in range(OFFICIALS):
        raters = np.zeros(1, dtype=int)
        while len(set(raters.tolist())) < 10:  # with fewer nothing is shown
            raters = chance.choice(firms, chance.integers(40, 200), p=activity / activity.sum())
        opinion = quality[official] + moods[official, raters] + 0.8 * chance.standard_normal(len(raters))
        samples.append([(str(firm), int(score)) for firm, score in zip(raters, rounded(opinion), strict=True)])
    return truth, samples


@pytest.mark.parametrize(("firms", "mood"), [(40, 0.0), (40, 0.7), (250, 0.7), (60, 1.2)])
def test_intervals_hold_the_truth_when_enterprises_have_moods(firms: int, mood: float) -> None:
    """Nine times of ten: for everybody, for the worst tenth, and for those who are shown as the worst tenth."""
    chance, held = np.random.default_rng(5), []
    for _ in range(WORLDS):
        truth, samples = world(chance, firms, mood)
        found = estimates(samples)
        covered = np.array([one.low <= true <= one.high for one, true in zip(found, truth, strict=True)])
        worst, shown_worst = np.argsort(truth)[:2], np.argsort([one.score for one in found])[:2]
        held.append((covered.mean(), covered[worst].mean(), covered[shown_worst].mean()))
    assert np.mean(held, axis=0).min() >= LEAST, np.mean(held, axis=0)
