"""Alerts of a long history, through all stages: each one's evidence equals a recount in SQL over its window."""

from __future__ import annotations

import random
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.alert_recount import recount
from support.arrival_orders import Order
from support.comparison import compare_counts, identity, records_of
from support.events import at, batch, item, rating, status, value_of
from support.in_memory import InMemoryPipeline, Restart
from support.long_history import IMPORTED_AT, long_history
from support.oracle import Oracle

from processors.domain.spikes.evidence import as_coded
from processors.stages.all_stages import build_stages
from processors.stages.reference_policies import reference_context, reference_policies
from processors.stages.stage import PartitionState, Stage
from schemas.records.events import DeclarationStatus, Rating
from schemas.topics import Topic

DAY = 86_400_000
START, WRITTEN_AT = at("2020-01-06 08:00"), at("2023-01-01 00:00")
DAYS = 790
OFFICES = {"03CC": 1.5, "03EE": 0.8, "03TG": 0.3}
"""Sheets a day."""


def sheets(chance: random.Random) -> list[Rating]:
    """Sheets of 26 months in order of time; in some weeks many are dissatisfied, some are revised later.

    One declaration in eight has a second sheet, satisfied or not, within two days.
    """
    found: list[Rating] = []
    for office, a_day in OFFICES.items():
        bad = [chance.randrange(100, DAYS) for _ in range(6)]
        for day in range(DAYS):
            in_trouble = any(first <= day < first + 4 for first in bad)
            for _ in range(round(chance.expovariate(1 / a_day)) + 3 * in_trouble):
                when = START + day * DAY + chance.randrange(9 * 3_600_000)
                number = f"{len(found):08d}"
                firm = f"0200{chance.randrange(100):06d}"
                share = 0.6 if in_trouble else 0.02
                for revision in range(1, chance.choice((2, 2, 2, 2, 3))):
                    low, step = chance.random() < share, chance.choice(("TAX_PAYMENT", "GOODS_INSPECTION"))
                    items = [item("OFFICE", office, 5, office=office)]
                    items.append(
                        item("TEAM", chance.choice(("01", "02")), chance.choice((1, 2, 5)) if low else 5, office=office)
                    )
                    items.append(item("STEP", step, 2 if low else 4, office=office, reason="DELAY" if low else None))
                    sent = when + (revision - 1) * chance.choice((600_000, DAY, 30 * DAY))
                    found.append(
                        rating(f"s{number}", revision, sent, *items, declaration_no=f"103{number}0", tax_code=firm)
                    )
    for one in found[::8]:
        office, low = one.items[0].office, one.submitted_at % 3 == 0
        again = (item("OFFICE", office, 2 if low else 5, office=office), replace(one.items[2], score=1 if low else 5))
        sent = one.submitted_at + one.submitted_at % (2 * DAY)
        found.append(replace(one, sheet_id=f"{one.sheet_id}-again", revision=1, submitted_at=sent, items=again))
    return sorted(found, key=lambda one: one.submitted_at)


def newest(outputs: Any, topic: Topic) -> dict[Any, Any]:
    """The records of a topic with the highest version of each identity."""
    found: dict[Any, Any] = {}
    for output in outputs:
        if output.topic is topic:
            known = found.get(identity(output.record))
            if known is None or output.record.version > known.version:
                found[identity(output.record)] = output.record
    return found


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_every_alert_of_a_long_history_equals_its_recount(seed: int) -> None:
    """Each office's counts come one after another, in batches, as from partitions that are years apart."""
    chance = random.Random(seed)
    history = sheets(chance)
    join, assessment, _complaints, spikes = build_stages(
        reference_policies(), reference_context(), lambda code, _at: code, as_coded
    )
    statuses = [registered(one) for one in history if one.revision == 1 and not one.sheet_id.endswith("-again")]
    arrivals = [(Topic.DECLARATION_STATUS, one) for one in statuses] + [(Topic.RATING, one) for one in history]
    facts = _through(join, sorted(arrivals, key=_when))
    counts = _through(assessment, [(Topic.RATED_SERVICE, output.record) for output in facts])
    published = list(newest(counts, Topic.OFFICE_COUNT).values())
    published.sort(key=lambda one: (one.office, one.pane_start // (60 * DAY) % 5, one.pane_start))
    alerts = newest(_through(spikes, [(Topic.OFFICE_COUNT, one) for one in published]), Topic.ALERT)
    oracle = Oracle(
        [(one, _crc(one, Topic.DECLARATION_STATUS)) for one in statuses],
        [(one, _crc(one, Topic.RATING)) for one in history],
    )
    try:
        compare_counts({(Topic.OFFICE_COUNT, identity(one)): one for one in published}, oracle)
        recount(list(alerts.values()), oracle)
    finally:
        oracle.close()
    standing = [one for one in alerts.values() if one.state != "RETRACTED"]
    assert len(standing) >= 10
    assert {one.detector for one in standing} == {"BURST", "DRIFT"}


def registered(sheet: Rating) -> DeclarationStatus:
    """The registration of a rated declaration, an hour before the sheet."""
    number = sheet.declaration_no
    return status(
        *(f"e{number}", "REGISTERED", sheet.submitted_at - 3_600_000), declaration_no=number, tax_code=sheet.tax_code
    )


def _when(arrival: tuple[Topic, Any]) -> int:
    topic, record = arrival
    return int(record.submitted_at if topic is Topic.RATING else record.occurred_at)


def _crc(record: Any, topic: Topic) -> int:
    return zlib.crc32(value_of(record, topic)[5:])


def _through(stage: Stage, arrivals: list[tuple[Topic, Any]], size: int = 400) -> list[Any]:
    """All outputs of a new state of a stage."""
    state: PartitionState = stage.new_state(0)
    found: list[Any] = []
    for place in range(0, len(arrivals), size):
        part = arrivals[place : place + size]
        for topic in stage.inputs:
            records = [record for one, record in part if one is topic]
            if records:
                absorbed = state.absorb(replace(batch(topic, records), timestamps=[WRITTEN_AT] * len(records)))
                assert not absorbed.rejects
                found += absorbed.outputs
    return [*found, *state.advance(WRITTEN_AT)]


def alerts_of(home: Path, arrivals: list[tuple[Topic, Any]], restart: Restart | None) -> dict[str, Any]:
    """The alerts that stand when all stages have read a history, perhaps with a restart in the middle."""
    pipeline = InMemoryPipeline(home, IMPORTED_AT)
    for place in range(0, len(arrivals), 300):
        if restart is not None and place == len(arrivals) // 600 * 300:
            pipeline.restart(restart)
        part = arrivals[place : place + 300]
        for topic in (Topic.DECLARATION_STATUS, Topic.RATING):
            pipeline.take(topic, [record for one, record in part if one is topic])
    pipeline.advance(IMPORTED_AT)
    alerts = records_of(pipeline.last, Topic.ALERT)
    return {one.alert_id: replace(one, version=0) for one in alerts if one.state != "RETRACTED"}


@pytest.mark.parametrize("order", Order)
def test_alerts_of_a_history_do_not_depend_on_its_order(order: Order, tmp_path: Path) -> None:
    """Whatever is published first, and whether workers restart: the same ids, states and evidence."""
    history = long_history(26, hours=24)
    expected = alerts_of(tmp_path / "sorted", history.arrivals(Order.SORTED), None)
    assert len(expected) >= 5
    assert alerts_of(tmp_path / "other", history.arrivals(order, seed=3), Restart.LOG) == expected
