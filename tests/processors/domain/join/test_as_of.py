"""States of many declarations at once are those of a slow walk over each."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.events import at, batch, status
from support.lives import BEGIN, SPAN, lives
from support.reference import EveryMinute
from support.scores import overtime_hours

from benchmarks.contenders.as_of import StatusRow, context_as_of, known_rows, standing_of
from benchmarks.contenders.facts import DeclarationContext
from processors.domain.join import declaration_context
from processors.domain.join.as_of import states
from processors.domain.join.declaration_context import CHECKED, Contexts, StepLimits, contexts_of
from processors.domain.join.standing import STANDINGS, EnterpriseNumbers, standings_of
from processors.domain.join.status_log import StatusLog
from schemas.records.events import DeclarationStatus, Status
from schemas.records.facts import Standing
from schemas.reference.calendar import WorkingCalendar
from schemas.topics import Topic
from schemas.vectorized.kernels.compiled import Longs
from schemas.vectorized.kernels.rows import ABSENT
from schemas.vectorized.status_reader import STATUSES, CodedStatusReader

T0 = at("2020-04-28 07:00")
MINUTE = 60_000
CALENDAR = WorkingCalendar(overtime_hours())

events = st.builds(
    status,
    st.sampled_from([f"e{n}" for n in range(9)]),
    st.sampled_from([one.value for one in Status]),
    st.integers(0, 3000).map(lambda minute: T0 + minute * MINUTE),
    declaration_no=st.sampled_from(["103000000010", "103000000012", "203000000010"]),
    office=st.sampled_from(["03CC", "03EE"]),
    team=st.sampled_from([None, "01", "02"]),
    channel=st.sampled_from([None, "GREEN", "YELLOW", "RED"]),
    kind=st.sampled_from([None, "A11", "B11"]),
    tax_code=st.sampled_from([None, "0200100100", "0300100100-001"]),
)


CLAIMS = (None, "0200100100", "0200100100-003", "0300100100", "0400100100", "036099001234")


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(events, max_size=8), max_size=5),
    st.integers(-10, 3100),
    st.integers(0, 500),
    st.sampled_from(CLAIMS),
)
def test_states_are_those_of_a_walk(
    batches: list[list[DeclarationStatus]], minute: int, more: int, claim: str | None
) -> None:
    """Conflicting contents, repetitions, equal times, unknown declarations: the same context, count and standing."""
    log, reader = StatusLog(), CodedStatusReader()
    for part in filter(None, batches):
        log.add_statuses(reader.read_statuses(batch(Topic.DECLARATION_STATUS, part), log.tables))
    keys = [10300000001, 20300000001, 30300000001]
    moment, until = T0 + minute * MINUTE, T0 + (minute + more) * MINUTE
    _assert_walked(log, [(key, moment, until) for key in keys], claim)


def _assert_walked(log: StatusLog, wanted: list[tuple[int, int, int]], claim: str | None = None) -> None:
    """Declarations at moments are all at once what they are one by one."""
    keys, moments, until = (np.array(column) for column in zip(*wanted, strict=True))
    histories = log.histories(keys.tolist())
    checked = np.array([text in CHECKED for text in log.tables["channel"].texts])
    enterprises = EnterpriseNumbers()
    by_code, claims = enterprises.by_code(log.tables["tax_code"].texts), enterprises.claimed([claim] * len(keys))
    found = states(histories, histories.places(keys), moments, until, checked, by_code, claims)
    stated = np.full(len(keys), claim is not None)
    standings = [STANDINGS[place] for place in standings_of(found, stated).tolist()]
    contexts = contexts_of(found, moments, log.texts()["office"], CALENDAR, StepLimits())
    walked = [_walked(log, *one, claim) for one in wanted]
    assert list(zip(_in_words(contexts, log), found.bearing.tolist(), standings, strict=True)) == walked


@pytest.mark.parametrize("most", [1, 1 << 16])
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1 << 32))
def test_rounds_are_those_of_a_walk(most: int, seed: int) -> None:
    """Checks that begin again, end before they begin, or do both at one instant take the same minutes either way."""
    chance, log = random.Random(seed), StatusLog()
    keys = range(10_000_000_000, 10_000_000_060)
    log.add_statuses(
        CodedStatusReader().read_statuses(batch(Topic.DECLARATION_STATUS, lives(chance, keys)), log.tables)
    )
    moments = [(key, BEGIN + chance.randrange(SPAN)) for key in (*keys, *keys)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(declaration_context, "_MOST_ROUNDS", most)
        _assert_walked(log, [(key, moment, moment) for key, moment in moments])


def _in_words(contexts: Contexts, log: StatusLog) -> Iterator[DeclarationContext]:
    """Each by itself, with texts in place of their codes."""
    texts = log.texts()
    coded = {
        "declaration_office": texts["office"],
        "declaration_team": texts["team"],
        "status": STATUSES,
        **{name: texts[name] for name in ("channel", "kind", "tax_code")},
        "on_time": (False, True),
    }
    for row in zip(*(column.tolist() for column in contexts), strict=True):
        values = {name: None if one == ABSENT else one for name, one in zip(Contexts._fields, row, strict=True)}
        given: dict[str, Any] = {
            name: coded[name][one] if name in coded and one is not None else one for name, one in values.items()
        }
        yield DeclarationContext(**given)


def _walked(
    log: StatusLog, key: int, moment: int, until: int, claim: str | None
) -> tuple[DeclarationContext, int, Standing]:
    """The same from every row by itself, in any order."""
    texts, rows = log.texts(), []
    for run in log._runs:
        _owners, held = run.find(np.array([key], np.int64))
        for row in held.tolist():
            occurred_at, event, crc, tax_code, office, team, kind, channel, place = row
            words = texts["office"][office] or "", texts["team"][team], texts["channel"][channel]
            rest = texts["kind"][kind], texts["tax_code"][tax_code], event, crc
            rows.append(StatusRow(occurred_at, STATUSES[place], *words, *rest))
    history = sorted(set(rows), key=lambda row: (row.occurred_at, STATUSES.index(row.status), row.crc, row.event))
    standing = standing_of(history, until, claim)
    return context_as_of(history, moment, CALENDAR, StepLimits()), known_rows(history, until), standing


class TwoClocks(EveryMinute):
    """Office 03EE works twice as long."""

    def overtime_of(self, office: str | None) -> str | None:
        """The office."""
        return office if office == "03EE" else None

    def working_ms_between_many(self, start_ms: Longs, end_ms: Longs, office: str | None = None) -> Longs:
        """All milliseconds."""
        worked = super().working_ms_between_many(start_ms, end_ms)
        return 2 * worked if office else worked


def test_each_office_has_its_own_working_time() -> None:
    """An office with overtime counts by its own clock, the others by theirs; what never began has no time."""
    log, reader = StatusLog(), CodedStatusReader()
    offices = {"103000000010": "03CC", "104000000010": "03EE", "105000000010": "03CD"}
    records = [
        status("e", "REGISTERED", T0, declaration_no=number, office=office) for number, office in offices.items()
    ]
    log.add_statuses(reader.read_statuses(batch(Topic.DECLARATION_STATUS, records), log.tables))
    keys = np.array([int(number[:11]) for number in (*offices, "106000000010")])
    histories, moments = log.histories(keys.tolist()), np.full(4, T0 + 10 * MINUTE)
    found = states(
        histories,
        histories.places(keys),
        moments,
        moments,
        np.zeros(4, np.bool_),
        np.zeros(len(log.tables["tax_code"].texts), np.int64),
        np.zeros(4, np.int64),
    )
    contexts = contexts_of(found, moments, log.texts()["office"], TwoClocks(), StepLimits())
    assert contexts.clearance_minutes.tolist() == [10, 20, 10, ABSENT]
