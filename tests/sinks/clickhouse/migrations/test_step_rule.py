"""Facts and `v_step_times` tell the same about the steps of a declaration: the join and the SQL, each by itself."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from clickhouse_driver import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.events import at, batch, rating, status, value_of
from support.reference import KnownOffices
from support.scores import OVERTIME_OFFICE, overtime_hours

from processors.domain.join.declaration_context import StepLimits
from processors.domain.join.facts import JoinContext
from processors.domain.join.policy import JoinPolicy
from processors.stages.join import JoinStage
from schemas.records.events import DeclarationStatus, Status
from schemas.reference.calendar import WorkingCalendar
from schemas.topics import Topic

pytestmark = pytest.mark.servers

T0 = at("2020-04-28 07:00")
HOUR = 3_600_000
STEPS = ("DOCUMENT_CHECK", "GOODS_INSPECTION")
TURNS = ("CHANNEL_ASSIGNED", "CHANNEL_ASSIGNED", "DOCUMENTS_CHECKED", "INSPECTION_REQUIRED", "INSPECTION_WITHDRAWN",
         "GOODS_INSPECTED", "CUSTOMS_INSTRUCTION", "AMENDED_BY_DECLARANT", "STORAGE_PERMITTED", "RELEASED",
         "CLEARED", "CANCELLED")  # fmt: skip
"""The statuses that steps know; the others are drawn less often."""

Told = tuple[int | None, int | None, bool | None]
"""Minutes of the document check and of the goods inspection, and whether all was on time."""

LIVES = 250
"""Declarations of one example."""


def lives(chance: random.Random, numbers: Sequence[int]) -> list[DeclarationStatus]:
    """Any statuses in any order, repeated ones and other contents of one event included.

    There are few instants, so that statuses often happen at the same one; some are an hour apart, others days.
    """
    instants = [T0 + day * 19 * HOUR + turn * 41 * 61_000 for day in range(7) for turn in range(4)]
    everything = [one.value for one in Status]
    events = []
    for number in numbers:
        names = chance.choices(TURNS if chance.random() < 0.8 else everything, k=chance.randrange(14))
        for name in ["REGISTERED", *names]:
            events.append(
                status(
                    str(chance.randrange(40)),
                    name,
                    chance.choice(instants),
                    declaration_no=f"{number}0",
                    office=chance.choice(("03CC", OVERTIME_OFFICE)),
                    channel=chance.choice((None, "GREEN", "YELLOW", "RED")),
                )
            )
    events += chance.choices(events, k=len(events) // 10)
    chance.shuffle(events)
    return events


def facts(events: Sequence[DeclarationStatus], numbers: Sequence[int], moment: int) -> dict[int, Told]:
    """What the join says of declarations that are all rated at one moment."""
    context = JoinContext(WorkingCalendar(overtime_hours()), KnownOffices(), StepLimits())
    state = JoinStage(JoinPolicy(grace_ms=0), context).new_state(0)
    sheets = [rating("s", 1, moment, declaration_no=f"{number}0") for number in numbers]
    absorbed = [state.absorb(batch(Topic.DECLARATION_STATUS, events)), state.absorb(batch(Topic.RATING, sheets))]
    assert not any(one.rejects for one in absorbed)
    outputs: list[Any] = [output.record for one in absorbed for output in one.outputs]
    outputs += [output.record for output in state.advance(moment + 1)]
    return {int(one.declaration_no[:11]): (one.document_minutes, one.goods_minutes, one.on_time) for one in outputs}


def put(client: Client, events: Sequence[DeclarationStatus]) -> None:
    """Store statuses as the loader does."""
    for table in ("declaration_status", "registration"):
        client.execute(f"TRUNCATE TABLE {table}")
    columns = "event_id, declaration_no, status, occurred_at, office, channel, row_version, log_epoch"
    rows = [
        (one.event_id, one.declaration_no, one.status, instant(one.occurred_at), one.office, one.channel or "",
         (1 << 48) + zlib.crc32(value_of(one, Topic.DECLARATION_STATUS)[5:]), 1)
        for one in events
    ]  # fmt: skip
    client.execute(f"INSERT INTO declaration_status ({columns}) VALUES", rows)


def view(client: Client, moment: int) -> dict[int, Told]:
    """The longest round of each check, and whether none is late, by declaration with a check."""
    rounds: dict[int, list[tuple[str, int, str]]] = {}
    for number, *found in client.execute(
        "SELECT declaration, step, minutes, standing"
        " FROM v_step_times(first = '2020-04-01', last = '2020-06-01', as_of = %(as_of)s)"
        " WHERE step IN %(steps)s",
        {"as_of": instant(moment + 1).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3], "steps": STEPS},
    ):
        rounds.setdefault(number, []).append(tuple(found))
    return {number: told(found) for number, found in rounds.items()}


def told(rounds: Sequence[tuple[str, int, str]]) -> Told:
    """What rounds of one declaration say together."""
    documents, goods = (
        max((minutes for step, minutes, _standing in rounds if step == wanted), default=None) for wanted in STEPS
    )
    return documents, goods, all(standing != "LATE" for *_rest, standing in rounds)


def instant(ms: int) -> datetime:
    """As the driver takes it."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 1 << 32), st.integers(0, 170))
def test_facts_and_view_agree_about_any_life(overtime_database: Any, seed: int, hour: int) -> None:
    """Whatever statuses a declaration had, at whatever moment it is rated: minutes and lateness are the same."""
    numbers = [10_000_000_000 + n for n in range(LIVES)]
    events, moment = lives(random.Random(seed), numbers), T0 + hour * HOUR
    put(overtime_database, events)

    found = {number: one for number, one in facts(events, numbers, moment).items() if one != (None, None, None)}

    assert found == view(overtime_database, moment)


def life(*events: tuple[str, int] | tuple[str, int, str]) -> list[DeclarationStatus]:
    """A declaration: status, minutes after 07:30 on a working day, channel."""
    begin = at("2020-05-11 07:30")
    return [
        status(str(n), name, begin + minute * 60_000, channel=channel[0] if channel else None)
        for n, (name, minute, *channel) in enumerate([("REGISTERED", 0), *events])
    ]


@pytest.mark.parametrize(
    ("events", "wanted"),
    [
        ([("CHANNEL_ASSIGNED", 1, "YELLOW"), ("CANCELLED", 1)], (0, None, True)),
        ([("CHANNEL_ASSIGNED", 1, "RED"), ("INSPECTION_REQUIRED", 2), ("CANCELLED", 12)], (11, 10, True)),
        ([("CHANNEL_ASSIGNED", 1, "YELLOW"), ("STORAGE_PERMITTED", 31), ("DOCUMENTS_CHECKED", 200)], (30, None, True)),
        # What is checked is checked: another channel begins nothing.
        ([("CHANNEL_ASSIGNED", 1, "YELLOW"), ("DOCUMENTS_CHECKED", 9), ("CHANNEL_ASSIGNED", 20, "RED")], (8, None, True)),
        ([("DOCUMENTS_CHECKED", 1), ("CHANNEL_ASSIGNED", 2, "YELLOW")], (0, None, True)),
        ([("CANCELLED", 1), ("CHANNEL_ASSIGNED", 2, "YELLOW"), ("INSPECTION_REQUIRED", 3)], (0, 0, True)),
        # Green ends a check, and the next yellow or red begins another round; the longest counts.
        ([("CHANNEL_ASSIGNED", 0, "GREEN")], (None, None, None)),
        ([("CHANNEL_ASSIGNED", 0, "GREEN"), ("CHANNEL_ASSIGNED", 10, "RED"), ("DOCUMENTS_CHECKED", 30)], (20, None, True)),
        ([("CHANNEL_ASSIGNED", 1, "RED"), ("CHANNEL_ASSIGNED", 41, "GREEN"), ("CHANNEL_ASSIGNED", 90, "YELLOW"),
          ("DOCUMENTS_CHECKED", 100)], (40, None, True)),
        ([("CHANNEL_ASSIGNED", 1, "YELLOW"), ("CHANNEL_ASSIGNED", 9, "RED"), ("DOCUMENTS_CHECKED", 31)], (30, None, True)),
        ([("CHANNEL_ASSIGNED", 1, "YELLOW"), ("DOCUMENTS_CHECKED", 9), ("DOCUMENTS_CHECKED", 200)], (8, None, True)),
        # An inspection that is withdrawn and required again has two rounds.
        ([("INSPECTION_REQUIRED", 0), ("INSPECTION_WITHDRAWN", 60), ("INSPECTION_REQUIRED", 100)], (None, 800, False)),
        ([("INSPECTION_REQUIRED", 0), ("GOODS_INSPECTED", 60), ("INSPECTION_REQUIRED", 100), ("GOODS_INSPECTED", 110)],
         (None, 60, True)),
        ([("STORAGE_PERMITTED", 5), ("INSPECTION_REQUIRED", 10), ("GOODS_INSPECTED", 30)], (None, 20, True)),
        # A request for a supplement stops the clock.
        ([("CHANNEL_ASSIGNED", 0, "RED"), ("CUSTOMS_INSTRUCTION", 10), ("AMENDED_BY_DECLARANT", 200),
          ("DOCUMENTS_CHECKED", 230)], (40, None, True)),
        ([("CHANNEL_ASSIGNED", 0, "RED"), ("CUSTOMS_INSTRUCTION", 10)], (10, None, True)),
        # What still runs is measured up to the moment of the rating.
        ([("CHANNEL_ASSIGNED", 0, "RED")], (900, None, False)),
    ],
)  # fmt: skip
def test_what_the_contract_says(overtime_database: Any, events: list[Any], wanted: Told) -> None:
    """Each rule of the contract by an example, in the facts and in the view: rated after two working days."""
    declared, moment = life(*events), at("2020-05-13 07:30")
    put(overtime_database, declared)
    (number,) = {int(one.declaration_no[:11]) for one in declared}
    assert facts(declared, [number], moment) == {number: wanted}
    assert view(overtime_database, moment) == ({number: wanted} if wanted[2] is not None else {})
