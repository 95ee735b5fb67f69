"""What a head of office reads: names and not codes, the last day, how often such an alarm comes by chance."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from support.alert_worlds import START

from processors.domain.panes import HOUR_MS, PANE_MS
from processors.domain.spikes.alert_store import AlertStore
from processors.domain.spikes.policy import DAY_MS, SpikePolicy
from schemas.records.alerts import Alert
from schemas.records.facts import OfficeCount
from schemas.reference.offices import load_offices
from schemas.reference.wording import thing_name


def alert_of(bad: dict[int, int]) -> Alert:
    """The alert of an office with twelve opinions a day: on some days so many are dissatisfied with an inspection."""
    counts = []
    for day in range(200):
        for number in range(12):
            low = number < bad.get(day, int(day % 5 == 0 and number == 0))
            start = START + day * DAY_MS + (8 + number) * HOUR_MS // 2
            things = {"STEP:GOODS_INSPECTION": 1, "TEAM:77": 1}
            counts.append(
                OfficeCount(
                    "03CC", start - start % PANE_MS, 1, 1, int(low), (f"firm{day}-{number}",) * low,
                    {**things, "REASON:OF_LATER": 1} if low else {}, things, (),
                )
            )  # fmt: skip
    offices = load_offices()
    store = AlertStore(SpikePolicy(), offices.name, thing_name=partial(thing_name, offices))
    store.add_counts(counts)
    return max(store.changes(), key=lambda one: one.raised_at)


def test_an_alert_of_weeks_tells_its_last_day_its_rarity_and_names() -> None:
    """Window, the 24 hours before its end, once in so many months; steps by name, teams without a name by number."""
    found = alert_of(dict.fromkeys(range(180, 200), 2))
    assert found.detector == "DRIFT"
    assert found.day_opinions is not None
    assert found.chance_months is not None
    assert f"24 giờ cuối: {found.day_dissatisfied} trên {found.day_opinions} ý kiến" in found.summary_vi
    assert f"in the last 24 hours {found.day_dissatisfied} of {found.day_opinions} opinions" in found.summary_en
    assert re.search(r"ngày đến \d\d:\d\d ngày", found.summary_vi)
    assert "by chance such an alarm comes" in found.summary_en
    assert "Kiểm tra thực tế hàng hóa" in found.summary_vi
    assert "đội 77" in found.summary_en
    for sentence in (found.summary_vi, found.summary_en):
        assert not re.search(r"(STEP|TEAM|REASON):", sentence)
        assert "OF_LATER" not in sentence


def test_an_alert_of_a_day_does_not_say_its_day_twice() -> None:
    """The window of a burst is the last day; its numbers are fields of the alert all the same."""
    found = alert_of({199: 10})
    assert found.detector == "BURST"
    assert (found.day_opinions, found.day_dissatisfied, found.day_enterprises) == (
        found.opinions, found.dissatisfied, found.enterprises,
    )  # fmt: skip
    assert "24 giờ cuối" not in found.summary_vi
    assert found.summary_vi.count("trong 24 giờ đến") == 1


def crowded(places: Sequence[int], day: int = 199) -> Alert:
    """The alert of an office where enterprises are dissatisfied so many half hours after eight on one day."""
    counts = []
    for each in range(200):
        for number in range(12):
            start = START + each * DAY_MS + (8 + number) * HOUR_MS // 2
            counts.append(OfficeCount("03CC", start - start % PANE_MS, 1, 3, 0, (), {}, {}, ()))
    for number, place in enumerate(places):
        start = START + day * DAY_MS + 8 * HOUR_MS + place * PANE_MS
        counts.append(OfficeCount("03EE", start, 1, 1, 1, (f"firm{number}",), {}, {}, ()))
    store = AlertStore(SpikePolicy(), load_offices().name)
    store.add_counts(sorted(counts, key=lambda one: (one.pane_start, one.office)))
    return max(store.changes(), key=lambda one: one.raised_at)


def test_ten_enterprises_within_an_hour_are_named_as_what_they_are() -> None:
    """Not as a rise; the hour is told, and where most spoke at other times the rise is told and the hour besides."""
    alone = crowded(range(10))
    assert "dồn dập trong một giờ, 10 trên 10 ý kiến" in alone.summary_vi
    assert "a crowd within one hour of dissatisfaction" in alone.summary_en
    hour = datetime.fromtimestamp((START + 199 * DAY_MS + 8 * HOUR_MS + 10 * PANE_MS) / 1000, UTC) + timedelta(hours=7)
    assert f"10 enterprises dissatisfied in the hour to {hour:%Y-%m-%d %H:%M}" in alone.summary_en
    among = crowded([*range(10), *range(30, 96, 6)])
    assert "dồn dập" not in among.summary_vi
    assert "10 doanh nghiệp không hài lòng trong giờ đến" in among.summary_vi


def test_nine_enterprises_within_an_hour_are_no_crowd() -> None:
    """Nor are ten that take longer."""
    for places in (range(9), range(0, 130, 13)):
        found = crowded(places)
        assert "trong giờ đến" not in found.summary_vi
        assert "crowd" not in found.summary_en
