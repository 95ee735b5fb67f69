"""The same counts give the same alerts: in any order, cut anywhere, over years, through restarts."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.alert_worlds import START, arrivals, cut, random_counts

from processors.domain.panes import HOUR_MS, PANE_MS
from processors.domain.spikes.alert_store import AlertStore
from processors.domain.spikes.policy import DAY_MS, SpikePolicy
from schemas.records.alerts import Alert
from schemas.records.facts import OfficeCount
from schemas.reference.outages import Outage

ORDERS = ("sorted", "parcels", "partitions", "shuffled")
POLICY = SpikePolicy(outages=(Outage(START + 30 * DAY_MS, START + 32 * DAY_MS, frozenset({"00CC"})),))


def new_store(policy: SpikePolicy = POLICY) -> AlertStore:
    """An empty store."""
    return AlertStore(policy, lambda code, _at: code)


class Topic:
    """The topic `alert`: the newest version of each, which only a higher one replaces."""

    def __init__(self) -> None:
        self.newest: dict[str, Alert] = {}

    def take(self, alerts: Iterable[Alert]) -> None:
        """Published alerts; a version never has two contents."""
        for alert in alerts:
            known = self.newest.get(alert.alert_id)
            assert known is None or alert.version > known.version or alert == known
            self.newest[alert.alert_id] = alert

    def standing(self) -> dict[str, Alert]:
        """Alerts that were not retracted, without their versions."""
        return {one: replace(alert, version=0) for one, alert in self.newest.items() if alert.state != "RETRACTED"}


def implied(counts: Sequence[OfficeCount], now: int) -> dict[str, Alert]:
    """The alerts of counts that come at once."""
    store, topic = new_store(), Topic()
    store.add_counts(counts)
    store.advance(now)
    topic.take(store.changes())
    return topic.standing()


def restarted(counts: Sequence[OfficeCount], topic: Topic, chance: random.Random) -> AlertStore:
    """The store of a worker that starts: the compacted log of counts, then alerts; what it finds is not published."""
    newest = {(one.office, one.pane_start): one for one in sorted(counts, key=lambda one: one.version)}
    store = new_store()
    for piece in cut(chance, list(newest.values()), 3):
        store.add_counts(piece)
    store.observe_published(topic.newest.values())
    return store


@given(
    seed=st.integers(0, 2**32),
    months=st.sampled_from((2, 5, 13, 26)),
    order=st.sampled_from(ORDERS),
    pieces=st.integers(1, 9),
    restart=st.booleans(),
)
@settings(max_examples=24, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_order_of_a_long_history_gives_the_same_alerts(
    seed: int, months: int, order: str, pieces: int, *, restart: bool
) -> None:
    """Ids, states and evidence are those of counts that come at once, also after a restart in the middle."""
    chance = random.Random(seed)
    counts = random_counts(chance, months * 30, offices=chance.randint(1, 5), a_day=chance.choice((0.5, 2, 4)))
    now = START + months * 30 * DAY_MS + chance.choice((0, 1, 90)) * DAY_MS
    store, topic, seen = new_store(), Topic(), list[OfficeCount]()
    for number, piece in enumerate(cut(chance, arrivals(chance, counts, order), pieces)):
        if restart and number == pieces // 2:
            store = restarted(seen, topic, chance)
        store.add_counts(piece)
        seen += piece
        if chance.random() < 0.8:
            topic.take(store.changes())
    store.advance(now)
    topic.take(store.changes())
    assert topic.standing() == implied(counts, now)


def test_random_worlds_hold_alerts_of_all_kinds() -> None:
    """The worlds of the test above raise both kinds of alerts, open and cleared, recent and old."""
    found = list[Alert]()
    for seed in range(4):
        chance = random.Random(seed)
        found += implied(random_counts(chance, 780, 4, 4), START + 780 * DAY_MS).values()
    assert {one.detector for one in found} == {"BURST", "DRIFT"}
    assert {one.state for one in found} == {"OPEN", "CLEARED"}
    assert min(one.raised_at for one in found) < START + 300 * DAY_MS
    assert any(one.targets and one.complaint_ids and one.drivers for one in found)


@pytest.mark.parametrize("pieces", [1, 30])
def test_counts_two_years_late_raise_the_alerts_of_their_time(pieces: int) -> None:
    """A partition whose counts come after all others, up to 26 months late, gives the alerts it would have first."""
    chance = random.Random(7)
    counts = random_counts(chance, 780, 3, 4)
    late = [one for one in counts if one.office == "01CC"]
    store, topic = new_store(), Topic()
    store.add_counts(one for one in counts if one.office != "01CC")
    topic.take(store.changes())
    assert not any(one.office == "01CC" for one in topic.standing().values())
    for piece in cut(chance, late, pieces):
        store.add_counts(piece)
        topic.take(store.changes())
    expected = implied(counts, START)
    assert topic.standing() == expected
    assert any(one.office == "01CC" and one.raised_at < START + 400 * DAY_MS for one in expected.values())


def test_a_pane_that_was_emptied_is_as_if_it_had_never_been() -> None:
    """Whether a sheet's first revision was ever counted elsewhere depends on its arrival; no alert depends on that."""
    chance = random.Random(3)
    counts = [one for one in random_counts(chance, 200, 3, 4) if one.opinions]
    empty = OfficeCount("00CC", START - 400 * DAY_MS, 3, 0, 0, (), {}, {}, ())
    ghosts = [
        replace(empty, office=office, pane_start=START + (day * 24 + hour) * HOUR_MS)
        for office in ("00CC", "01CC", "99ZZ")
        for day, hour in ((-400, 1), (50, 0), (120, 23), (199, 18), (900, 2))
    ]
    assert implied([*ghosts, *counts], START) == implied(counts, START)


def test_an_outage_that_is_declared_later_retracts_its_alerts() -> None:
    """After a restart with a new outage the same counts retract what it alone had raised: versions do not fall."""
    start = START + 100 * DAY_MS
    calm = [
        OfficeCount("00CC", START + day * DAY_MS + hour * HOUR_MS, 1, 1, 0, (), {}, {}, ())
        for day in range(100)
        for hour in range(10)
    ]
    angry = [OfficeCount("00CC", start + n * PANE_MS, 1, 1, 1, (f"firm{n}",), {}, {}, ()) for n in range(9)]
    topic, before = Topic(), new_store(SpikePolicy())
    before.add_counts(calm + angry)
    topic.take(before.changes())
    assert topic.standing()
    after = new_store(SpikePolicy(outages=(Outage(start, start + DAY_MS, frozenset()),)))
    after.add_counts(calm + angry)
    after.observe_published(topic.newest.values())
    topic.take(after.changes())
    assert topic.standing() == {}
