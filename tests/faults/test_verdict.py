"""The judge of the fault matrix can find somebody guilty."""

from __future__ import annotations

from faults.injections import Injected
from faults.outcome import Outcome
from faults.report import Report
from faults.schedule import KINDS, Fault
from faults.verdict import Verdict, difference

EXPECTED = {("a", 1): "x", ("a", 2): "y", ("b", 1): "z"}
EQUAL = [(("b", 1), "z"), (("a", 1), "x"), (("a", 2), "y")]


def test_equal_tables_have_no_difference() -> None:
    """Rows in another order are the same table."""
    assert difference("t", EQUAL, EXPECTED).equal


def test_a_lost_row_is_noticed() -> None:
    """A row that is not there is one lost row, and is named."""
    found = difference("t", EQUAL[1:], EXPECTED)
    assert (found.lost, found.doubled, found.differing) == (1, 0, 0)
    assert "('b', 1)" in found.examples[0]


def test_a_doubled_row_is_noticed() -> None:
    """A row that is there twice is one doubled row, also when both are right."""
    found = difference("t", [*EQUAL, EQUAL[0]], EXPECTED)
    assert (found.lost, found.doubled, found.differing) == (0, 1, 0)


def test_a_row_from_nowhere_is_noticed() -> None:
    """A row that no input implies is one doubled row."""
    found = difference("t", [*EQUAL, (("c", 9), "x")], EXPECTED)
    assert (found.lost, found.doubled, found.differing) == (0, 1, 0)


def test_a_differing_value_is_noticed() -> None:
    """A wrong value under the right key counts as lost and as doubled."""
    verdict = Verdict((difference("t", [*EQUAL[1:], (("b", 1), "other")], EXPECTED),))
    assert not verdict.equal
    assert (verdict.lost, verdict.doubled) == (1, 1)


def outcome(**fields: object) -> Outcome:
    """A fault after which everything was as it should be, unless told otherwise."""
    given = {"recovered_s": 1.0, "equal_s": 2.0, "audit_clean": True, **fields}
    return Outcome(Fault(1, KINDS[0], 0, 0), 1, given.pop("injected", Injected()), **given)  # type: ignore[arg-type]


def report(*outcomes: Outcome) -> Report:
    """A run with these outcomes."""
    return Report(outcomes, 1, 2000, "Kafka", len(outcomes), 60.0)


def test_a_run_is_clean_only_if_everything_is() -> None:
    """Lost or doubled rows, a late recovery, an unclean audit or a late stop spoil a run; no faults prove nothing."""
    assert report(outcome()).clean
    assert not report().clean
    assert not report(outcome(), outcome(lost=1)).clean
    assert not report(outcome(doubled=1)).clean
    assert not report(outcome(recovered_s=None)).clean
    assert not report(outcome(equal_s=None)).clean
    assert not report(outcome(audit_clean=False)).clean
    assert not report(outcome(injected=Injected(broken=["late"]))).clean


def test_a_point_that_nobody_passed_is_not_a_fault() -> None:
    """What did not happen is told and not counted."""
    found = report(outcome(), outcome(injected=Injected(reached=False))).to_json()
    assert (found["faults"], found["not_reached"]) == (1, 1)
