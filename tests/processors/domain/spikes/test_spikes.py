"""Tests of the spike detector: the formulas against scipy, alerts in any order, and what it finds."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import betabinom, false_discovery_control
from support.events import at

from processors.domain.panes import HOUR_MS, PANE_MS
from processors.domain.spikes.alert_store import AlertStore
from processors.domain.spikes.baseline import Baseline, common_baseline, office_baseline
from processors.domain.spikes.office_series import OfficeSeries, Span
from processors.domain.spikes.office_tests import BurstTest, DriftTest
from processors.domain.spikes.policy import DAY_MS, SpikePolicy
from processors.domain.spikes.statistics import adjusted, burst_tail, drift_step, volume_allowance
from processors.domain.spikes.target_evidence import target_evidence
from schemas.records.alerts import Alert
from schemas.records.facts import OfficeCount
from schemas.reference.outages import Outage

POLICY = SpikePolicy()
START = at("2020-04-01 08:00") // PANE_MS * PANE_MS
OFFICES = ("03CC", "03CE", "03EE", "03NK", "03TG")


def count(office: str, pane: int, opinions: int, enterprises: tuple[str, ...] = (), version: int = 1) -> OfficeCount:
    """A count whose dissatisfied opinions come from these enterprises."""
    low = len(enterprises)
    return OfficeCount(
        office, pane, version, opinions, low, tuple(sorted(set(enterprises))), {"STEP:X": low}, {"STEP:X": opinions}, ()
    )


def calm_days(days: int, per_day: int = 12) -> list[OfficeCount]:
    """Days in which every office gets satisfied opinions, and each one dissatisfied firm a month."""
    counts = []
    for day in range(days):
        for place, office in enumerate(OFFICES):
            for n in range(per_day):
                pane = START + day * DAY_MS + n * HOUR_MS // 2 // PANE_MS * PANE_MS
                firm = (f"calm{day}",) if n == 5 and day % 30 == place else ()
                counts.append(count(office, pane, 1, firm))
    return counts


def burst(day: int, firms: int, office: str = "03EE", *, one_firm: bool = False) -> list[OfficeCount]:
    """Dissatisfied opinions half an hour apart."""
    start = START + day * DAY_MS + 7 * HOUR_MS
    return [count(office, start + n * HOUR_MS // 2, 1, ("angry" if one_firm else f"firm{n}",)) for n in range(firms)]


def new_store(policy: SpikePolicy = POLICY) -> AlertStore:
    """A store with the tests that this module is about."""
    return AlertStore(policy, lambda code, _at: code, (BurstTest(), DriftTest()))


def alerts(counts: list[OfficeCount], now: int | None = None) -> dict[str, Alert]:
    """What the detector says in the end of counts given in one go."""
    store = new_store()
    store.add_counts(counts)
    if now is not None:
        store.advance(now)
    return {alert.alert_id: alert for alert in store.changes()}


@given(n=st.integers(1, 60), k=st.integers(0, 60), share=st.floats(0.001, 0.5), strength=st.floats(5, 2000))
def test_burst_tail_equals_scipy(n: int, k: int, share: float, strength: float) -> None:
    """Our sum of the probability mass agrees with scipy's survival function."""
    k = min(k, n)
    baseline = Baseline(share, strength)
    expected = betabinom.sf(k - 1, n, baseline.alpha, baseline.beta)
    assert burst_tail(n, k, baseline) == pytest.approx(expected, rel=1e-6, abs=1e-9)  # scipy subtracts from one


@given(
    n=st.sampled_from((1, 7, 60, 500, 5000)),
    part=st.floats(0, 1),
    share=st.floats(0.0005, 0.9995),
    strength=st.floats(60, 1000),
)
@example(n=5000, part=0.0002, share=0.5, strength=1000.0)  # the smallest k: its own probability underflows
@example(n=5000, part=0.9, share=0.9995, strength=60.0)  # the largest value is the most probable
def test_burst_tail_equals_scipy_for_any_size(n: int, part: float, share: float, strength: float) -> None:
    """Each tail equals the sum of scipy's probabilities, for large windows and far from the mean."""
    k = round(part * n)
    baseline = Baseline(share, strength)
    masses = np.exp(betabinom.logpmf(np.arange(k, n + 1), n, baseline.alpha, baseline.beta))
    assert burst_tail(n, k, baseline) == pytest.approx(min(1.0, masses.sum()), rel=1e-8, abs=1e-300)


@given(tails=st.lists(st.floats(0, 1) | st.sampled_from((0.0, 0.01, 1.0)), min_size=1, max_size=60))
def test_false_discovery_control_equals_scipy(tails: list[float]) -> None:
    """Adjusted probabilities are scipy's, for ties, zeros and ones too."""
    assert adjusted(tails) == pytest.approx(false_discovery_control(tails, method="by").tolist(), rel=1e-12)


def test_burst_tail_of_the_reference_figures() -> None:
    """Three of fifteen at 1.7 % have probability 0.0029 with a prior worth 300 ratings and 0.0073 with 60."""
    assert burst_tail(15, 3, Baseline(0.017, 300)) == pytest.approx(0.0029, abs=1e-4)
    assert burst_tail(15, 3, Baseline(0.017, 60)) == pytest.approx(0.0073, abs=1e-4)


def test_drift_statistic_falls_to_zero_and_rises_by_log_likelihood() -> None:
    """Satisfied opinions never take the statistic below zero; a dissatisfied one adds ln(p1 / p0)."""
    assert drift_step(0.0, 10, 0, 0.017, 0.08) == 0.0
    assert drift_step(0.0, 1, 1, 0.017, 0.08) == pytest.approx(1.5488, abs=1e-3)


def test_baseline_without_history_is_the_prior() -> None:
    """Before anything is known, the expectation of the policy holds with its weight."""
    assert common_baseline([], POLICY) == Baseline(POLICY.prior_share, POLICY.prior_strength)


def test_office_baseline_is_shrunken() -> None:
    """An office's expectation lies between the common one and its own share, and never grows certain."""
    common = Baseline(0.02, 200)
    own = office_baseline(common, 300, 30, POLICY)
    assert 0.02 < own.share < 0.1
    assert office_baseline(common, 10**6, 10**5, POLICY).strength == POLICY.weight_limit


def test_like_offices_give_a_strong_common_baseline_and_unlike_ones_a_weak_one() -> None:
    """The fitted strength tells how much offices differ beyond chance."""
    like = common_baseline([(1000, 20)] * 9, POLICY)
    unlike = common_baseline([(1000, k) for k in (1, 2, 5, 10, 20, 40, 60, 90, 120)], POLICY)
    assert like.strength > 5 * unlike.strength


def test_calm_offices_raise_nothing() -> None:
    """Ordinary dissatisfaction, thin and everywhere, is no spike."""
    assert alerts(calm_days(60)) == {}


def test_burst_is_found_at_its_office_and_cleared_when_it_is_over() -> None:
    """Ten angry enterprises in a day raise one alert at their office, with evidence; a better week clears it."""
    (alert,) = alerts(calm_days(60) + burst(42, 10)).values()
    assert (alert.office, alert.detector, alert.state) == ("03EE", "BURST", "CLEARED")
    assert (alert.dissatisfied, alert.enterprises) == (10, 10)
    assert alert.tail_probability < 1e-6
    assert alert.raised_at <= START + 42 * DAY_MS + 9 * HOUR_MS
    assert alert.cleared_at is not None
    assert START + 43 * DAY_MS < alert.cleared_at <= START + 50 * DAY_MS


def test_an_office_heard_of_after_the_days_fit_is_judged_as_if_it_had_come_before() -> None:
    """Of an office without history the same is said, whether its first counts came before or after the day's others."""
    new, calm = burst(45, 10, office="99ZZ"), calm_days(46, per_day=40)
    store = new_store()
    store.add_counts(calm)
    store.add_counts(new)

    (found,) = store.changes()

    assert {found.alert_id: found} == alerts(calm + new)
    assert found.baseline_strength == POLICY.weight_limit


def test_one_angry_enterprise_is_not_a_spike() -> None:
    """However many sheets one enterprise sends in a day, it counts once in a burst and is no drift."""
    assert alerts(calm_days(45) + burst(42, 10, one_firm=True)) == {}


def test_few_enterprises_that_rate_often_do_not_hide_a_rise() -> None:
    """Three sheets a week of an enterprise count: so four enterprises make a drift, and two do not."""
    slow = [burst(day, 1)[0] for day in range(20, 32)]
    four = [replace(one, enterprises=(f"firm{n % 4}",)) for n, one in enumerate(slow)]
    two = [replace(one, enterprises=(f"firm{n % 2}",)) for n, one in enumerate(slow)]
    (alert,) = alerts(calm_days(32) + four).values()
    assert (alert.office, alert.detector) == ("03EE", "DRIFT")
    assert alerts(calm_days(32) + two) == {}


def test_drift_is_found_without_a_burst() -> None:
    """A share of about one in ten, spread over weeks, is found though no single day stands out."""
    slow = [burst(day, 1)[0] for day in range(20, 60, 1)]
    slow = [replace(one, enterprises=(f"firm{n}",)) for n, one in enumerate(slow)]
    (alert,) = alerts(calm_days(60) + slow).values()
    assert (alert.office, alert.detector) == ("03EE", "DRIFT")


def test_open_alert_clears_as_time_passes_without_events() -> None:
    """An alert at the end of the data stays open until stream time shows that nobody rates the office any more."""
    counts = calm_days(42) + burst(42, 6)
    (before,) = alerts(counts).values()
    (after,) = alerts(counts, START + 60 * DAY_MS).values()
    assert (before.state, after.state) == ("OPEN", "CLEARED")
    assert after.version > before.version
    assert after.alert_id == before.alert_id


def test_order_of_counts_does_not_matter() -> None:
    """Counts in any order and cut end in the same alerts; what was said too early is retracted."""
    counts = calm_days(40) + burst(35, 8)
    wanted = {one: replace(alert, version=0) for one, alert in alerts(counts).items()}
    chance = random.Random(11)
    for _ in range(2):
        shuffled = list(counts)
        chance.shuffle(shuffled)
        store, last = new_store(), dict[str, Alert]()
        for place in range(0, len(shuffled), 400):
            store.add_counts(shuffled[place : place + 400])
            for alert in store.changes():
                assert alert.alert_id not in last or alert.version > last[alert.alert_id].version
                last[alert.alert_id] = alert
        standing = {one: replace(a, version=0) for one, a in last.items() if a.state != "RETRACTED"}
        assert standing == wanted


def test_corrected_count_retracts_the_alert() -> None:
    """When later data show that the opinions were not dissatisfied after all, the alert is taken back."""
    store = new_store()
    angry = burst(42, 6)
    store.add_counts(calm_days(45) + angry)
    (raised,) = store.changes()
    store.add_counts([replace(one, dissatisfied=0, enterprises=(), version=2) for one in angry])
    (last,) = store.changes()
    assert (last.alert_id, last.state) == (raised.alert_id, "RETRACTED")
    assert last.version > raised.version


def test_what_a_dead_worker_said_is_taken_back() -> None:
    """An alert said by a worker that cut the log elsewhere and died is retracted, once there are counts to outdo it."""
    calm, angry = calm_days(45), burst(42, 6)
    corrected = [replace(one, dissatisfied=0, enterprises=(), version=2) for one in angry]
    dead, successor = (new_store() for _ in range(2))
    dead.add_counts(calm + angry)
    (said,) = dead.changes()
    successor.add_counts(calm)
    successor.observe_published([said])
    assert list(successor.changes()) == []
    successor.add_counts(angry + corrected)
    (last,) = successor.changes()
    assert (last.alert_id, last.state) == (said.alert_id, "RETRACTED")
    assert last.version > said.version
    successor.observe_published([said, last])
    assert list(successor.changes()) == []


def test_offices_that_come_later_change_nothing_of_the_past() -> None:
    """What is said of a window does not depend on whether the offices of a later time are known already."""
    past, later = calm_days(45) + burst(42, 6), [count(f"9{n:02d}A", START + 50 * DAY_MS, 1) for n in range(60)]
    (raised,) = alerts(past, START + 60 * DAY_MS).values()
    (known,) = alerts(past + later, START + 60 * DAY_MS).values()
    assert replace(known, version=raised.version) == raised


def test_live_counts_say_what_a_replay_says() -> None:
    """Counts in order of time, some of them late by panes or by days, end in the alerts of one go."""
    counts = sorted(calm_days(40) + burst(35, 8), key=lambda one: one.pane_start)
    delays = random.Random(5).choices((0, 2 * PANE_MS, 3 * DAY_MS), (90, 7, 3), k=len(counts))
    arriving = sorted(zip(counts, delays, strict=True), key=lambda pair: pair[0].pane_start + pair[1])
    store, last = new_store(), dict[str, Alert]()
    for one, _delay in arriving:
        store.add_counts([one])
        last.update({alert.alert_id: alert for alert in store.changes()})
    standing = {one: replace(a, version=0) for one, a in last.items() if a.state != "RETRACTED"}
    assert standing == {one: replace(alert, version=0) for one, alert in alerts(counts).items()}


def test_summaries_speak_to_a_head_of_office() -> None:
    """The sentences hold the counts, the expectation and what stands out."""
    (alert,) = alerts(calm_days(45) + burst(42, 10)).values()
    assert "10 trên" in alert.summary_vi
    assert "10 enterprises" in alert.summary_en
    assert "STEP:X" in alert.summary_en


def test_drift_alert_shows_its_whole_run() -> None:
    """The window of a drift alert reaches back to where its run began, so its evidence can be counted by hand."""
    slow = [replace(burst(day, 1)[0], enterprises=(f"firm{day}",)) for day in range(30, 90, 2)]
    (alert, *_) = sorted(alerts(calm_days(90) + slow).values(), key=lambda one: one.raised_at)
    assert alert.detector == "DRIFT"
    assert alert.window_seconds >= 7 * 86_400
    firms = {f"firm{day}" for day in range(30, 90, 2) if burst(day, 1)[0].pane_start < alert.raised_at}
    assert alert.enterprises >= min(len(firms), 3)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, POLICY.history_ms))
def test_thresholds_follow_the_number_of_opinions(few: int, many: int, heard: int) -> None:
    """More opinions never lower a threshold; the usual number leaves it as it is; the difference is bounded."""
    few, many = sorted((few, many))
    assert volume_allowance(few, heard, POLICY) <= volume_allowance(many, heard, POLICY)
    assert abs(volume_allowance(many, heard, POLICY)) <= POLICY.most_allowance
    usual = round(POLICY.usual_opinions * heard / POLICY.history_ms)
    assert volume_allowance(usual, heard, POLICY) == pytest.approx(0, abs=0.02)


def test_a_drift_alert_is_not_cleared_by_the_next_satisfied_opinion() -> None:
    """A busy office's run raises while its week is hardly improbable: the alert stays until the week is likelier."""
    calm = [
        count("03EE", START + day * DAY_MS + n * PANE_MS, 1, (f"firm{day}",) if (60 * day + n) % 120 == 60 else ())
        for day in range(120)
        for n in range(60)
    ]
    bad = [count("03EE", START + 100 * DAY_MS + (7 + 6 * n) * HOUR_MS, 1, (f"bad{n}",)) for n in range(6)]
    (alert,) = alerts(calm + bad).values()
    assert (alert.detector, alert.state) == ("DRIFT", "CLEARED")
    assert alert.tail_probability > POLICY.clear_probability
    assert (alert.cleared_at or 0) - alert.raised_at > DAY_MS


def test_an_alert_tests_each_team_and_step_by_itself() -> None:
    """The team behind a burst comes first, with n, k and what its own history lets expect; officials are not named."""
    calm = [
        replace(one, scores={"TEAM:01": 1, "TEAM:02": 1}, drivers={}) for one in calm_days(60) if one.office == "03EE"
    ]
    bad = [
        replace(
            one, scores={"TEAM:01": 1, "TEAM:02": 1}, drivers={"OFFICIAL:x": 1, "TEAM:02": 1, "TEAM:01": n % 4 // 3}
        )
        for n, one in enumerate(burst(59, 8))
    ]
    (alert,) = alerts(calm + bad).values()
    assert [(one.target, one.target_id) for one in alert.targets] == [("TEAM", "02"), ("TEAM", "01")]
    worst = alert.targets[0]
    assert (worst.low_scores, worst.scores) == (alert.dissatisfied, alert.opinions)
    assert worst.expected < 1 < worst.cusum
    assert worst.tail_probability < 1e-4 < alert.targets[1].tail_probability
    assert f"TEAM:02 ({worst.low_scores}/{worst.scores})" in alert.summary_vi
    assert "OFFICIAL" not in alert.summary_en + "".join(driver.name for driver in alert.drivers)


def _in_series(before: list[OfficeCount], window: list[OfficeCount]) -> tuple[OfficeSeries, Span, list[Span]]:
    """A series that holds counts before `START` and after, the window, and the span before it."""
    series = OfficeSeries(SpikePolicy().enterprise_most)
    for one in (*before, *window):
        series.add(one)
    return series, (START, START + DAY_MS), [(START - DAY_MS, START)]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30), st.integers(0, 400))
def test_targets_are_tested_as_scipy_would(panes: list[tuple[int, int]], usual: int) -> None:
    """The tail of a step equals scipy's for its sums over the window and a baseline worked out by hand."""
    given_low = [(fine + low, low) for fine, low in panes]
    window = [
        replace(count("03EE", START + n * PANE_MS, 1, ("a",) * min(k, 1)), scores={"STEP:A": m}, drivers={"STEP:A": k})
        for n, (m, k) in enumerate(given_low)
    ]
    before = [replace(count("03EE", START - PANE_MS, 1), scores={"STEP:A": usual}, drivers={})] if usual else []
    n, k = sum(m for m, _ in given_low), sum(k for _, k in given_low)
    found = target_evidence(*_in_series(before, window), POLICY)
    if k == 0:
        assert found == ()
        return
    prior = POLICY.prior_share * POLICY.prior_strength / (usual + POLICY.prior_strength)
    share = prior * POLICY.prior_strength / (POLICY.prior_strength + usual)
    strength = min(POLICY.prior_strength + usual, POLICY.weight_limit)
    tail = betabinom.sf(k - 1, n, share * strength, (1 - share) * strength)
    assert found[0].tail_probability == pytest.approx(tail, rel=1e-6, abs=1e-9)
    assert found[0].expected == pytest.approx(n * share)


def test_counts_that_do_not_say_of_how_many_say_nothing() -> None:
    """Counts of a writer that knew low scores alone are no evidence, neither of the window nor of the history."""
    old = replace(count("03EE", START, 3, ("a", "b")), scores={}, drivers={"STEP:X": 2})
    new = replace(count("03EE", START + PANE_MS, 1, ("c",)), scores={"STEP:X": 1}, drivers={"STEP:X": 1})
    earlier = replace(old, pane_start=START - PANE_MS)
    assert target_evidence(*_in_series([], [old]), POLICY) == ()
    expected = target_evidence(*_in_series([], [new]), POLICY)
    assert expected
    assert target_evidence(*_in_series([earlier], [old, new]), POLICY) == expected


def test_a_new_office_is_not_taken_for_a_small_one() -> None:
    """Few opinions in few days say little of an office's size, so its thresholds stay near those of a usual one."""
    assert volume_allowance(0, 0, POLICY) == 0
    assert volume_allowance(10, DAY_MS, POLICY) > volume_allowance(10, 100 * DAY_MS, POLICY)


def test_a_declared_outage_raises_nothing_and_teaches_nothing() -> None:
    """A burst inside an outage is left out; the same burst at an office that was not hit is found."""
    counts = calm_days(42) + burst(40, 8)
    day = START + 40 * DAY_MS
    hit = Outage(day, day + DAY_MS, frozenset({"03EE"}))
    elsewhere = Outage(day, day + DAY_MS, frozenset({"03CC"}))
    for outage, raised in ((hit, 0), (elsewhere, 1)):
        store = new_store(replace(POLICY, outages=(outage,)))
        store.add_counts(counts)
        assert len(store.changes()) == raised


def test_an_office_that_hears_nothing_but_complaints_stops_nothing() -> None:
    """With a baseline of one half or more the arithmetic still holds, for any counts."""
    counts = calm_days(40)
    for day in range(40, 120):
        start = START + day * DAY_MS
        counts += [count("03EE", start + n * HOUR_MS, 2, (f"a{day}-{n}", f"b{day}-{n}")) for n in range(8)]
    said = alerts(counts, START + 130 * DAY_MS)
    assert any(one.office == "03EE" for one in said.values())


@given(st.floats(0.0001, 0.9999), st.integers(0, 100), st.integers(0, 100), st.floats(0.01, 0.5))
def test_drift_step_is_finite_for_any_baseline(share: float, calm: int, low: int, towards: float) -> None:
    """No baseline and no count makes a statistic that is not a number, and none falls below zero."""
    value = drift_step(1.0, calm + low, low, share, towards)
    assert math.isfinite(value)
    assert value >= 0
