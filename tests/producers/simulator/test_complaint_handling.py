"""Simulated offices handle complaints as the state table of the processors allows."""

from collections import Counter
from datetime import date, datetime

import pytest
from support.cases import case_context, complaint

from processors.domain.cases.case_store import CaseStore
from producers.simulator import Haiphong2020
from producers.simulator.ground_truth import low_offices
from producers.simulator.working_time import DAY_MS, END_MS, LOCAL, START_MS, is_working
from schemas.batches.batch import RawBatch
from schemas.ids import complaint_id
from schemas.readers.record_reader import RecordReader
from schemas.records.cases import ComplaintAction, ComplaintAnswer, ComplaintCase, ComplaintEvent
from schemas.topics import Topic


@pytest.fixture(scope="module")
def handled() -> Haiphong2020:
    """A scenario of half the size whose complaints are handled."""
    return Haiphong2020(seed=3, scale=0.5, handling=True)


def published_by_cases(scenario: Haiphong2020) -> list[ComplaintCase | ComplaintEvent | ComplaintAnswer]:
    """What the cases publish after all actions, each complaint being opened by its sheet."""
    store = CaseStore(case_context())
    for revisions in scenario.sheets:
        latest = revisions[-1]
        for office in low_offices(latest):
            fields = {"office": office, "tax_code": latest.tax_code, "excluded_officials": ()}
            identity = complaint_id(latest.declaration_no[:11], latest.sheet_id, office)
            store.add_complaint(complaint(revisions[0].submitted_at, complaint_id=identity, **fields))
    for action in scenario.actions:
        assert store.add_action(action)
    store.advance(END_MS)
    return list(store.changes())


def test_the_state_table_allows_every_action(handled: Haiphong2020) -> None:
    """No action is refused, the ground truth counts the answers right, and every kind of action occurs."""
    published = published_by_cases(handled)
    kinds = Counter(event.kind for event in published if isinstance(event, ComplaintEvent))
    assert kinds["REFUSED"] == 0
    assert kinds["ACCEPTED"] == len(handled.actions) == handled.ground_truth.actions > 100
    assert sum(isinstance(one, ComplaintAnswer) for one in published) == handled.ground_truth.answers > 10
    done = {action.action for action in handled.actions}
    assert done == {"ACKNOWLEDGE", "VERIFY", "ASK", "SUPPLY", "RESOLVE", "ANSWER", "RATE_HANDLING"}


def test_actions_are_sent_valid_and_in_working_time(handled: Haiphong2020) -> None:
    """Readers accept every action; each lies within the scenario, on a working day."""
    rows = [
        (key, value)
        for batch in handled.batches()
        for topic, key, value in zip(batch.topics, batch.keys, batch.values, strict=True)
        if topic is Topic.COMPLAINT_ACTION
    ]
    keys, values = zip(*rows, strict=True)
    raw = RawBatch(Topic.COMPLAINT_ACTION, 0, range(len(rows)), [END_MS + DAY_MS] * len(rows), list(keys), list(values))
    read = RecordReader(Topic.COMPLAINT_ACTION, ComplaintAction).read(raw)
    assert not read.rejects
    assert len(rows) == handled.ground_truth.actions_sent >= len({action.action_id for _i, action in read.accepted})
    assert {action for _i, action in read.accepted} == set(handled.actions)
    assert all(START_MS < action.acted_at < END_MS for action in handled.actions)
    assert all(is_working(day_of(action)) for action in handled.actions)


def day_of(action: ComplaintAction) -> date:
    """The local day of an action."""
    return datetime.fromtimestamp(action.acted_at / 1000, LOCAL).date()


def test_complaints_are_not_handled_by_default(small: Haiphong2020) -> None:
    """By default a scenario has no complaint actions."""
    assert small.actions == []
    assert small.ground_truth.actions_sent == 0
