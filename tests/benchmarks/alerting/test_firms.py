"""The simulated worlds of firms."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.alerting.firms import CROWD, FRIENDS, FirmSetting, simulate_firms
from benchmarks.alerting.world import BASE_SHARE, DAY_MS, START, Plant, Ratings
from processors.domain.panes import HOUR_MS

SETTING = FirmSetting(days=365, spread=0.0)


def share(offices: list[Ratings]) -> float:
    """Share of dissatisfied opinions over all offices."""
    return float(np.concatenate([one.low for one in offices]).mean())


def test_a_seed_gives_the_same_world_again() -> None:
    """Another seed gives another one."""
    one, again, other = (simulate_firms(SETTING, seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(one.at, again.at)
    assert np.array_equal(one.low, again.low)
    assert not np.array_equal(one.at[:50], other.at[:50])


def test_few_firms_give_much_and_moods_do_not_move_the_mean() -> None:
    """The largest of 250 firms gives many times its part; all offices together have the base share."""
    offices = simulate_firms(replace(SETTING, offices=40), 3)
    largest = [Counter(one.enterprise.tolist()).most_common(1)[0][1] / len(one.at) for one in offices]
    assert np.median(largest) > 10 / SETTING.firms
    assert share(offices) == pytest.approx(BASE_SHARE, rel=0.2)


def test_opinions_of_a_firm_agree_more_than_those_of_two() -> None:
    """Of two ratings of a firm within an hour both are dissatisfied more often than chance has it."""
    offices = simulate_firms(replace(SETTING, offices=40), 4)
    both = first = 0
    for one in offices:
        near = (np.diff(one.at) < HOUR_MS) & (one.enterprise[1:] == one.enterprise[:-1])
        both += int((near & one.low[1:] & one.low[:-1]).sum())
        first += int((near & one.low[:-1]).sum())
    assert both / first > 1.5 * share(offices)


def test_a_planted_share_is_reached() -> None:
    """And only while the problem lasts."""
    plants = tuple(Plant(office, 100, 60, 0.3) for office in range(40))
    offices = simulate_firms(replace(SETTING, offices=40, plants=plants), 5)
    low = np.concatenate([one.low for one in offices])
    day = np.concatenate([(one.at - START) // DAY_MS for one in offices])
    during = (day >= 100) & (day < 160)
    assert low[during].mean() == pytest.approx(0.3, rel=0.15)
    assert low[~during].mean() < 0.03


def test_friends_are_satisfied_and_double_the_number() -> None:
    """Two firms of each office, from day 100 on."""
    (office, *_others) = simulate_firms(replace(SETTING, stuffed=True), 6)
    friends = office.enterprise >= FRIENDS
    assert len(set(office.enterprise[friends].tolist())) == 2
    assert not office.low[friends].any()
    later = office.at >= START + 100 * DAY_MS
    assert friends[later].mean() == pytest.approx(0.5, abs=0.05)
    assert not friends[~later].any()


def test_an_office_that_is_taken_over_ends_and_its_firms_go_on_elsewhere() -> None:
    """Nothing is lost."""
    apart = simulate_firms(replace(SETTING, offices=2), 7)
    one, other = simulate_firms(replace(SETTING, offices=2, merger=True), 7)
    middle = START + SETTING.days // 2 * DAY_MS
    assert len(one.at) + len(other.at) == sum(len(office.at) for office in apart)
    assert other.at.max() < middle <= one.at[one.enterprise >= SETTING.firms].min()


def test_a_crowd_is_ten_firms_within_one_hour() -> None:
    """All dissatisfied."""
    offices = simulate_firms(replace(SETTING, crowds=True), 8)
    low = [np.flatnonzero(one.low) for one in offices]
    crowded = [
        len(set(one.enterprise[places[place : place + CROWD]].tolist()))
        for one, places in zip(offices, low, strict=True)
        for place in range(len(places) - CROWD)
        if one.at[places[place + CROWD - 1]] - one.at[places[place]] <= HOUR_MS
    ]
    assert CROWD in crowded
    assert share(offices) > share(simulate_firms(SETTING, 8))
