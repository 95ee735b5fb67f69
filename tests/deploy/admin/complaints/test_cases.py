"""Which cases are about a sender whom the law protects, and in what order cases are listed."""

from __future__ import annotations

from collections.abc import Sequence

from support.cases import COMPLAINT, OPENED, action, bare_complaint, case_context, complaint
from support.events import at

from deploy.admin.complaints.cases import is_protected, most_urgent_first
from processors.domain.cases.replay import replay_case
from schemas.ids import complaint_id
from schemas.records.cases import ComplaintAction, ComplaintCase

START, MINUTE = at(OPENED), 60_000
HERE = {"complaint_id": COMPLAINT}
THERE = {"complaint_id": complaint_id("10300000001", "s-1", "03EE"), "office": "03EE"}
OTHER = {"complaint_id": complaint_id("10300000001", "s-2", "03CC"), "sheet_id": "s-2"}


def case(opened: dict[str, str], actions: Sequence[ComplaintAction] = ()) -> ComplaintCase:
    """A case after some actions."""
    found = replay_case(complaint(START, **opened), actions, case_context(), START + 10 * MINUTE).case
    assert found is not None
    return found


DENOUNCED = (action("CHANGE_TRACK", START + MINUTE, track="DENUNCIATION"),)
TAKEN_BACK = (*DENOUNCED, action("CHANGE_TRACK", START + 2 * MINUTE, track="FEEDBACK"))


def test_a_denunciation_is_protected_for_ever() -> None:
    """Also when its track was changed again, so that the case names its sheet."""
    assert not is_protected(case(HERE), [case(HERE)])
    for actions in (DENOUNCED, TAKEN_BACK):
        assert is_protected(case(HERE, actions), [])
    assert case(HERE, DENOUNCED).sheet_id is None
    assert case(HERE, TAKEN_BACK).sheet_id == "s-1"


def test_other_cases_of_its_sheet_are_protected_and_of_other_sheets_not() -> None:
    """The denunciation names no sheet any more; its id does, for whoever knows the sheet."""
    denounced = case(HERE, DENOUNCED)
    assert is_protected(case(THERE), [case(THERE), denounced])
    assert not is_protected(case(OTHER), [case(OTHER), denounced])


def test_signals_come_after_feedback() -> None:
    """A low score alone that is due sooner waits behind feedback, but an urgent one comes first."""
    signal, urgent = bare_complaint(START), bare_complaint(START, priority="HIGH")
    feedback = complaint(START + 3 * 86_400_000)
    found = [replay_case(one, (), case_context(), START).case for one in (signal, feedback, urgent)]
    listed = most_urgent_first([one for one in found if one is not None])
    assert [(one.track, one.priority) for one in listed] == [
        ("SIGNAL", "HIGH"),
        ("FEEDBACK", "NORMAL"),
        ("SIGNAL", "NORMAL"),
    ]
