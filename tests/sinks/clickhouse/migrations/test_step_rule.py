"""Facts and `v_step_times` tell the same about the steps of a declaration: the join and the SQL, each by itself."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from clickhouse_driver import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.events import at, batch, rating, status, value_of
from support.lives import BEGIN, SPAN, lives
from support.reference import join_context
from support.scores import overtime_hours

from processors.domain.join.allegations import AllegationFinder
from processors.domain.join.policy import JoinPolicy
from processors.stages.join import JoinStage
from schemas.records.events import DeclarationStatus
from schemas.reference.calendar import WorkingCalendar
from schemas.topics import Topic

pytestmark = pytest.mark.servers

STEPS = ("DOCUMENT_CHECK", "GOODS_INSPECTION")
Told = tuple[int | None, int | None, bool | None]
"""Minutes of the document check and of the goods inspection, and whether all was on time."""

LIVES = 250
"""Declarations of one example."""


def facts(events: Sequence[DeclarationStatus], numbers: Sequence[int], moment: int) -> dict[int, Told]:
    """What the join says of declarations that are all rated at one moment."""
    context = replace(join_context(), calendar=WorkingCalendar(overtime_hours()), words=AllegationFinder(()))
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
        "SELECT declaration, step, minutes, step_standing"
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
@given(st.integers(0, 1 << 32), st.integers(0, SPAN // 1000))
def test_facts_and_view_agree_about_any_life(overtime_database: Any, seed: int, second: int) -> None:
    """Whatever statuses a declaration had, at whatever moment it is rated: minutes and lateness are the same."""
    numbers = [10_000_000_000 + n for n in range(LIVES)]
    events, moment = lives(random.Random(seed), numbers), BEGIN + second * 1000
    put(overtime_database, events)

    found = {number: one for number, one in facts(events, numbers, moment).items() if one != (None, None, None)}

    assert found == view(overtime_database, moment)


WORDS = {
    **{channel.lower(): ("CHANNEL_ASSIGNED", channel) for channel in ("GREEN", "YELLOW", "RED")},
    **{
        name.split("_")[-1].lower(): (name, None)
        for name in ("DOCUMENTS_CHECKED", "INSPECTION_REQUIRED", "INSPECTION_WITHDRAWN", "GOODS_INSPECTED", "CANCELLED")
    },
    "routed": ("CHANNEL_ASSIGNED", None),
    "stored": ("STORAGE_PERMITTED", None),
    "asked": ("CUSTOMS_INSTRUCTION", None),
    "supplied": ("AMENDED_BY_DECLARANT", None),
}


def life(text: str) -> list[DeclarationStatus]:
    """A declaration that is registered at 07:30 on a working day; words with minutes after that."""
    begin = at("2020-05-11 07:30")
    events = [status("registered", "REGISTERED", begin)]
    for n, turn in enumerate(text.split(", ")):
        word, minute = turn.split()
        name, channel = WORDS[word]
        events.append(status(str(n), name, begin + int(minute) * 60_000, channel=channel))
    return events


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("yellow 1, cancelled 1", (0, None, True)),
        ("red 1, required 2, cancelled 12", (11, 10, True)),
        ("yellow 1, stored 31, checked 200", (30, None, True)),
        ("routed 1, checked 9", (None, None, None)),
        # What is checked is checked: another channel begins nothing.
        ("yellow 1, checked 9, red 20", (8, None, True)),
        ("yellow 1, checked 9, checked 200", (8, None, True)),
        ("checked 1, yellow 2", (0, None, True)),
        ("cancelled 1, yellow 2, required 3", (0, 0, True)),
        # Green ends a check, and yellow or red after it begins another round; the longest counts.
        ("green 0", (None, None, None)),
        ("green 0, red 10, checked 30", (20, None, True)),
        ("yellow 1, red 9, checked 31", (30, None, True)),
        ("red 1, green 41, yellow 90, checked 100", (40, None, True)),
        # An inspection that is withdrawn and required again has two rounds.
        ("required 0, withdrawn 60, required 100", (None, 800, False)),
        ("required 0, inspected 60, required 100, inspected 110", (None, 60, True)),
        ("stored 5, required 10, inspected 30", (None, 20, True)),
        ("inspected 5, required 10, withdrawn 30", (None, 20, True)),
        # A request for a supplement stops the clock.
        ("red 0, asked 10, supplied 200, checked 230", (40, None, True)),
        ("red 0, asked 10", (10, None, True)),
        # What still runs is measured up to the moment of the rating.
        ("red 0", (900, None, False)),
    ],
)
def test_what_the_contract_says(overtime_database: Any, text: str, wanted: Told) -> None:
    """Each rule of the contract by an example, in the facts and in the view: rated after two working days."""
    declared, moment = life(text), at("2020-05-13 07:30")
    put(overtime_database, declared)
    (number,) = {int(one.declaration_no[:11]) for one in declared}
    assert facts(declared, [number], moment) == {number: wanted}
    assert view(overtime_database, moment) == ({number: wanted} if wanted[2] is not None else {})
