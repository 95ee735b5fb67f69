"""No time that passes validation lies outside the working calendar: it would stop every worker that reads it."""

from __future__ import annotations

import pytest
from support.cases import action, case_context, complaint
from support.events import batch, item, rating, status

from processors.domain.assessment.complaint_opening import complaint_of
from processors.domain.assessment.fact_store import FactStore
from processors.domain.cases.replay import replay_case
from processors.domain.join.policy import JoinPolicy
from processors.stages.join import JoinStage
from processors.stages.reference_policies import reference_context, reference_policies
from schemas.batches.batch import RawBatch
from schemas.errors import Reason
from schemas.records.events import DeclarationStatus, Rating
from schemas.topics import DAY_MS, Topic
from schemas.validation.rules import EARLIEST_MS, LATEST_MS


def written_at(raw: RawBatch, timestamp: int) -> RawBatch:
    """The batch as written by somebody whose clock says so."""
    return RawBatch(raw.topic, raw.partition, raw.offsets, [timestamp] * len(raw), raw.keys, raw.values)


def low_sheet(at: int) -> tuple[list[DeclarationStatus], list[Rating]]:
    """A red declaration still under inspection, and a sheet that opens a complaint about it."""
    statuses = [
        status("e1", "REGISTERED", EARLIEST_MS),
        status("e2", "CHANNEL_ASSIGNED", EARLIEST_MS, channel="RED"),
        status("e3", "INSPECTION_REQUIRED", EARLIEST_MS),
    ]
    return statuses, [rating("s", 1, at, item(score=1))]


def test_earliest_and_latest_accepted_times_have_working_time_and_deadlines() -> None:
    """From the first accepted instant to the last, minutes are counted and deadlines are found."""
    context, policy = reference_context(), reference_policies().complaints
    for at in (EARLIEST_MS, LATEST_MS - 1):
        statuses, sheets = low_sheet(at)
        state = JoinStage(JoinPolicy(), context).new_state(0)
        state.absorb(written_at(batch(Topic.DECLARATION_STATUS, statuses), at))
        (output,) = state.absorb(written_at(batch(Topic.RATING, sheets), at)).outputs
        (change,) = FactStore().add_facts([output.record])  # type: ignore[list-item]  # the join sends facts only
        complaint = complaint_of(change.group, policy, context.calendar)
        assert complaint is not None
        assert complaint.resolve_deadline_at > at


@pytest.mark.parametrize("start", [EARLIEST_MS, LATEST_MS - 1], ids=["earliest", "latest"])
@pytest.mark.parametrize(
    "names",
    [
        ("VERIFY", "RESOLVE"),
        ("VERIFY", "ASK", "SUPPLY", "RESOLVE", "ANSWER"),
        ("CHANGE_TRACK", "VERIFY", "RESOLVE", "ANSWER", "APPEAL", "ACKNOWLEDGE", "MARK_COMPLEX", "REQUEST_ERASURE"),
    ],
    ids=lambda names: names[-1],
)
def test_cases_at_both_ends_of_the_calendar_are_handled(start: int, names: tuple[str, ...]) -> None:
    """Whatever is done about a complaint of the first or the last accepted instant, every action is taken."""
    actions = [action(name, start + number * 60_000) for number, name in enumerate(names, 1)]
    found = replay_case(complaint(start), actions, case_context(), start + 400 * DAY_MS)
    assert found.case is not None
    assert (found.case.accepted_actions, found.case.refused_actions) == (len(names), 0)


def test_later_times_are_refused_even_when_the_record_claims_the_same_clock() -> None:
    """A writer whose clock is off by a decade gets a dead letter, and the worker goes on."""
    _statuses, sheets = low_sheet(LATEST_MS)
    state = JoinStage(JoinPolicy(), reference_context()).new_state(0)
    late = [status("e9", "CLEARED", LATEST_MS)]
    for topic, records in ((Topic.RATING, sheets), (Topic.DECLARATION_STATUS, late)):
        absorbed = state.absorb(written_at(batch(topic, records), LATEST_MS))
        assert [reject.reason for reject in absorbed.rejects] == [Reason.BAD_TIME]
        assert not absorbed.outputs
