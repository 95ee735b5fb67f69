"""Tests of the assessment stage through its seam: facts in; complaints, windows and counts out."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from support.comparison import identity
from support.events import at, batch, item, rating, status
from support.reference import DAY_MS, complaint_policy, join_context

from processors.domain.join.policy import JoinPolicy
from processors.stages.assessment import AssessmentStage, AssessmentState
from processors.stages.join import JoinStage
from schemas.records.events import Rating
from schemas.records.facts import RatedService
from schemas.topics import Topic

T0 = at("2020-05-11 08:00")
MINUTE = 60_000
PANE = 5 * MINUTE
CONTENT: dict[str, Any] = {"comment": "chậm", "tax_code": "0200100100"}


def facts_of(*ratings: Rating) -> list[RatedService]:
    """Every version of every fact that the join publishes for sheets of registered declarations."""
    state = JoinStage(JoinPolicy(grace_ms=0), join_context()).new_state(0)
    numbers = {one.declaration_no for one in ratings}
    registered = [status("e1", "REGISTERED", T0 - 60 * DAY_MS, declaration_no=number) for number in sorted(numbers)]
    state.absorb(batch(Topic.DECLARATION_STATUS, registered))
    outputs = [output for one in ratings for output in state.absorb(batch(Topic.RATING, [one])).outputs]
    return [output.record for output in outputs]  # type: ignore[misc]


def new_state() -> AssessmentState:
    """An empty state."""
    return AssessmentStage(complaint_policy(), join_context().calendar).new_state(0)


@pytest.fixture
def state() -> AssessmentState:
    """An empty state."""
    return new_state()


def published(state: AssessmentState, facts: Sequence[RatedService], topic: Topic) -> list[Any]:
    """Records of one topic published for a batch of facts."""
    outputs = state.absorb(batch(Topic.RATED_SERVICE, facts)).outputs
    return [output.record for output in outputs if output.topic is topic]


def test_low_score_opens_one_complaint_per_sheet_and_office(state: AssessmentState) -> None:
    """Several low scores on one sheet open one complaint at each responsible office."""
    sheet = rating(
        "s", 1, T0, item(score=2), item("TEAM", "01", 1, reason="DELAY"), item("STEP", "TAX_PAYMENT", 1, office="03EE")
    )
    complaints = published(state, facts_of(sheet), Topic.COMPLAINT)
    assert [(c.office, c.state, c.lowest_score, len(c.low_items)) for c in complaints] == [
        ("03CC", "OPENED", 1, 2),
        ("03EE", "OPENED", 1, 1),
    ]
    assert complaints[0].low_items[1].reason == "DELAY"


def test_complaint_has_its_first_legal_deadlines(state: AssessmentState) -> None:
    """The clocks run in working days from the moment the low score was sent, and name their rule."""
    (complaint,) = published(state, facts_of(rating("s", 1, T0, item(score=1), **CONTENT)), Topic.COMPLAINT)
    assert (complaint.opened_at, complaint.track, complaint.case_track) == (T0, "FEEDBACK", "FEEDBACK")
    assert (complaint.first_deadline_at, complaint.first_deadline_rule) == (T0 + 5 * DAY_MS, "FIRST_LOOK")
    assert (complaint.resolve_deadline_at, complaint.resolve_deadline_rule) == (T0 + 15 * DAY_MS, "RESOLVE")


@pytest.mark.parametrize("fields", [{}, {"comment": "chậm"}, {"comment": "…", "tax_code": "0200100100"}], ids=str)
def test_a_low_score_without_content_is_a_signal(state: AssessmentState, fields: dict[str, Any]) -> None:
    """Without a word, or without anybody who says it, the limits are those of the house."""
    (complaint,) = published(state, facts_of(rating("s", 1, T0, item(score=1), **fields)), Topic.COMPLAINT)
    assert (complaint.case_track, complaint.content_since, complaint.track) == ("SIGNAL", None, "FEEDBACK")
    assert (complaint.first_deadline_at, complaint.first_deadline_rule) == (T0 + 5 * DAY_MS, "SIGNAL_LOOK")
    assert (complaint.resolve_deadline_at, complaint.resolve_deadline_rule) == (T0 + 15 * DAY_MS, "SIGNAL_SETTLE")


def test_content_of_a_later_revision_begins_the_limits_of_feedback(state: AssessmentState) -> None:
    """They run from the revision that brought the content, in whatever order the revisions come, not from the star."""
    later = T0 + 2 * DAY_MS
    sheets = [
        rating("s", 1, T0, item(score=1)),
        rating("s", 2, later, item(score=1), **CONTENT),
        rating("s", 3, later + MINUTE, item(score=1), **CONTENT),
    ]
    *_, complaint = published(state, facts_of(*sheets), Topic.COMPLAINT)
    assert (complaint.case_track, complaint.content_since, complaint.opened_at) == ("FEEDBACK", later, T0)
    assert (complaint.first_deadline_at, complaint.first_deadline_rule) == (later + 5 * DAY_MS, "FIRST_LOOK")
    assert complaint.resolve_deadline_rule == "RESOLVE"
    *_, backward = published(new_state(), facts_of(*reversed(sheets)), Topic.COMPLAINT)
    assert backward == complaint


@pytest.mark.parametrize(("fields", "track", "since"), [({}, "SIGNAL", None), (CONTENT, "FEEDBACK", T0)], ids=str)
def test_facts_of_earlier_versions_are_judged_by_their_newest_revision(
    state: AssessmentState, fields: dict[str, Any], track: str, since: int | None
) -> None:
    """They do not say since when there was content: what has some stays feedback from the opening, as it was."""
    made = facts_of(rating("s", 1, T0, item(score=1), **fields), rating("s", 2, T0 + DAY_MS, item(score=1), **fields))
    earlier = [replace(fact, content_since=None) for fact in made]
    *_, complaint = published(state, earlier, Topic.COMPLAINT)
    assert (complaint.case_track, complaint.content_since) == (track, since)


def test_a_comment_without_a_low_score_is_a_remark_of_each_office(state: AssessmentState) -> None:
    """At any score from three up, whoever sends it; it names no low scores, and every rated official as not to act."""
    sheet = rating(
        "s",
        1,
        T0,
        item(score=3),
        item("OFFICIAL", "o-1", 5),
        item("STEP", "TAX_PAYMENT", 5, office="03EE"),
        comment="cảm ơn",
    )
    found = published(state, facts_of(sheet), Topic.COMPLAINT)
    assert [(one.office, one.case_track, one.state, one.lowest_score, one.low_items) for one in found] == [
        ("03CC", "REMARK", "OPENED", 3, ()),
        ("03EE", "REMARK", "OPENED", 5, ()),
    ]
    assert [one.excluded_officials for one in found] == [("o-1",), ()]
    assert {(one.priority, one.opened_at, one.first_deadline_rule) for one in found} == {("NORMAL", T0, "")}


def test_a_remark_that_alleges_something_is_urgent(state: AssessmentState) -> None:
    """Five stars and an envelope: it is read first."""
    sheets = [
        rating("s1", 1, T0, item(score=5), comment="phải đưa phong bì"),
        rating("s2", 1, T0, item(score=5), comment="nhanh"),
    ]
    found = published(state, facts_of(*sheets), Topic.COMPLAINT)
    assert [(one.case_track, one.priority, one.priority_reasons) for one in found] == [
        ("REMARK", "HIGH", ("ALLEGATION",)),
        ("REMARK", "NORMAL", ()),
    ]


def test_a_low_score_at_one_office_leaves_a_remark_about_the_other(state: AssessmentState) -> None:
    """The words belong to the whole sheet, so each office reads them as what they are there."""
    sheet = rating("s", 1, T0, item(score=1), item("STEP", "TAX_PAYMENT", 5, office="03EE"), **CONTENT)
    found = published(state, facts_of(sheet), Topic.COMPLAINT)
    assert [(one.office, one.case_track) for one in found] == [("03CC", "FEEDBACK"), ("03EE", "REMARK")]


@pytest.mark.parametrize(
    ("second", "track", "as_it_is"),
    [
        ({"comment": "tốt", "items": (item(score=4),)}, "REMARK", "OPENED"),
        ({"items": (item(score=5),)}, "REMARK", "WITHDRAWN"),
        ({"comment": "tốt", "items": (item("STEP", "TAX_PAYMENT", 5, office="03EE"),)}, "REMARK", "WITHDRAWN"),
        ({"comment": "tệ", "items": (item(score=2),)}, "SIGNAL", "OPENED"),
    ],
    ids=["still a remark", "no comment any more", "another office", "a low score"],
)
def test_a_remark_follows_its_sheet(state: AssessmentState, second: dict[str, Any], track: str, as_it_is: str) -> None:
    """A revision without the comment, or without the office, withdraws it; a low score makes a complaint of it."""
    items = second.pop("items")
    facts = [
        *facts_of(rating("s", 1, T0, item(score=5), comment="tốt")),
        *facts_of(rating("s", 1, T0, item(score=5), comment="tốt"), rating("s", 2, T0 + MINUTE, *items, **second)),
    ]
    one = [one for one in published(state, facts, Topic.COMPLAINT) if one.office == "03CC"][-1]
    assert (one.case_track, one.state) == (track, as_it_is)


def test_remarks_repeat_nothing(state: AssessmentState) -> None:
    """A remark about an official is no earlier complaint about him."""
    sheets = [
        rating("s1", 1, T0, item("OFFICIAL", "o-1", 4), comment="được"),
        rating("s2", 1, T0 + DAY_MS, item("OFFICIAL", "o-1", 2)),
    ]
    found = published(state, facts_of(*sheets), Topic.COMPLAINT)
    assert [(one.case_track, one.priority) for one in found] == [("REMARK", "NORMAL"), ("SIGNAL", "NORMAL")]


def test_satisfied_sheet_opens_no_complaint(state: AssessmentState) -> None:
    """A score above the threshold is not a complaint."""
    assert published(state, facts_of(rating("s", 1, T0, item(score=3))), Topic.COMPLAINT) == []


def test_raised_score_withdraws_the_complaint(state: AssessmentState) -> None:
    """A later revision without low scores leaves a withdrawn complaint, opened when the low score was sent."""
    sheets = (rating("s", 1, T0, item(score=1)), rating("s", 2, T0 + MINUTE, item(score=4)))
    *_, last = published(state, facts_of(*sheets), Topic.COMPLAINT)
    assert (last.state, last.opened_at, last.low_items) == ("WITHDRAWN", T0, ())


def test_withdrawn_complaint_is_found_even_when_the_low_revision_comes_last(state: AssessmentState) -> None:
    """The result does not depend on which revision arrives first."""
    one, two = rating("s", 1, T0, item(score=1)), rating("s", 2, T0 + MINUTE, item(score=4))
    *_, backward = published(state, facts_of(two, one), Topic.COMPLAINT)
    *_, forward = published(new_state(), facts_of(one, two), Topic.COMPLAINT)
    assert backward == forward


def test_worse_revision_keeps_the_first_clock(state: AssessmentState) -> None:
    """A complaint that grows worse keeps the deadline of its first low score."""
    sheets = (rating("s", 1, T0, item(score=2)), rating("s", 2, T0 + 3 * DAY_MS, item(score=1)))
    *_, last = published(state, facts_of(*sheets), Topic.COMPLAINT)
    assert (last.opened_at, last.lowest_score) == (T0, 1)


def test_rated_official_is_excluded_from_handling(state: AssessmentState) -> None:
    """The officials who were rated low are named as excluded from the complaint about themselves."""
    sheet = rating("s", 1, T0, item("OFFICIAL", "03CC-o17", 1), item("OFFICIAL", "03CC-o18", 5))
    (complaint,) = published(state, facts_of(sheet), Topic.COMPLAINT)
    assert complaint.excluded_officials == ("03CC-o17",)


def test_windows_are_sums_of_panes(state: AssessmentState) -> None:
    """Hour, day, week and month count what lies within them before the end of the pane."""
    ages = [0, 50 * MINUTE, 3 * 60 * MINUTE, 2 * DAY_MS, 20 * DAY_MS, 40 * DAY_MS]
    numbers = [f"1030000000{n}0" for n in range(len(ages))]
    sheets = [rating("s", 1, T0 - age, declaration_no=number) for number, age in zip(numbers, ages, strict=True)]
    rows = published(state, facts_of(*sheets), Topic.SATISFACTION)
    row = max(rows, key=lambda one: (one.window_end, one.version))
    assert row.window_end == T0 + PANE
    assert [counts[4] for counts in (row.pane, row.hour, row.day, row.week, row.month)] == [1, 2, 3, 4, 5]


def test_edited_score_replaces_what_it_said(state: AssessmentState) -> None:
    """After an edit the windows hold the new score once and the old one not at all."""
    sheets = (rating("s", 1, T0, item(score=1)), rating("s", 2, T0 + MINUTE, item(score=4)))
    rows = published(state, facts_of(*sheets), Topic.SATISFACTION)
    assert rows[-1].pane == (0, 0, 0, 1, 0)


def test_edit_into_another_pane_leaves_the_first_one_empty(state: AssessmentState) -> None:
    """An edited sheet counts when it was last sent; the pane of the first sending is sent again, empty, and newer."""
    first, second = rating("s", 1, T0, item(score=1)), rating("s", 2, T0 + 3 * PANE, item(score=4))
    facts = facts_of(first, second)
    (before,) = published(state, facts[:1], Topic.SATISFACTION)
    after = {row.window_end: row for row in published(state, facts[1:], Topic.SATISFACTION)}
    assert after[T0 + PANE].pane == (0, 0, 0, 0, 0)
    assert after[T0 + PANE].version > before.version
    assert after[T0 + 4 * PANE].hour == (0, 0, 0, 1, 0)


def test_superseded_item_is_not_counted(state: AssessmentState) -> None:
    """A target that the latest revision dropped leaves the counts."""
    sheets = (rating("s", 1, T0, item(), item("TEAM", "01", 1)), rating("s", 2, T0 + MINUTE, item()))
    rows = [row for row in published(state, facts_of(*sheets), Topic.SATISFACTION) if row.target == "TEAM"]
    assert rows[-1].month == (0, 0, 0, 0, 0)


def test_office_count_takes_the_lowest_score_of_the_sheet(state: AssessmentState) -> None:
    """One sheet is one opinion about an office, as bad as its lowest score, with what drives it."""
    sheet = rating(
        "s", 1, T0, item(score=4), item("STEP", "GOODS_INSPECTION", 2, reason="DELAY"), tax_code="0200100100-001"
    )
    (count,) = published(state, facts_of(sheet), Topic.OFFICE_COUNT)
    assert (count.opinions, count.dissatisfied, count.enterprises) == (1, 1, ("0200100100-001",))
    assert count.drivers == {"REASON:DELAY": 1, "STEP:GOODS_INSPECTION": 1}
    assert count.scores == {"STEP:GOODS_INSPECTION": 1}
    assert len(count.complaint_ids) == 1


def test_repeated_facts_publish_nothing(state: AssessmentState) -> None:
    """Facts that are known, or older than what is known, change nothing."""
    facts = facts_of(rating("s", 1, T0, item(score=1)), rating("s", 2, T0 + MINUTE, item(score=2)))
    state.absorb(batch(Topic.RATED_SERVICE, facts))
    assert state.absorb(batch(Topic.RATED_SERVICE, facts)).outputs == []


def test_any_order_and_cut_gives_the_same_final_rows() -> None:
    """Shuffled facts in batches of any size end in the same complaints, windows and counts."""
    chance = random.Random(3)
    sheets = [
        rating(f"s{n}", r, T0 + (7 * n + 11 * r) * MINUTE, item(score=1 + (n * r) % 5), item("TEAM", "01", 1 + n % 5))
        for n in range(12)
        for r in (1, 2)
    ]
    facts = facts_of(*sheets)
    results = []
    for _ in range(6):
        chance.shuffle(facts)
        state = new_state()
        last: dict[Any, Any] = {}
        rest = list(facts)
        while rest:
            size = chance.randint(1, 9)
            for output in state.absorb(batch(Topic.RATED_SERVICE, rest[:size])).outputs:
                record: Any = output.record
                identity = tuple(
                    getattr(record, name, None)
                    for name in ("complaint_id", "office", "pane_start", "target", "target_id", "window_end")
                )
                known = last.get((output.topic, identity))
                assert known is None or known.version < record.version
                last[output.topic, identity] = record
            rest = rest[size:]
        plain = {key: replace(record, version=0) for key, record in last.items()}
        results.append({key: record for key, record in plain.items() if getattr(record, "month", None) != (0,) * 5})
    seen = [{k: v for k, v in r.items() if not _empty(v)} for r in results]
    assert all(result == seen[0] for result in seen)


def _empty(record: Any) -> bool:
    """Whether a row says only that nothing is there: which panes a sheet once passed through depends on arrival."""
    return getattr(record, "opinions", None) == 0 or getattr(record, "pane", None) == (0, 0, 0, 0, 0)


def test_what_a_dead_worker_said_in_between_is_outdone(state: AssessmentState) -> None:
    """A batch that ends where it began is sent all the same: a worker may have died after sending its middle."""
    first, low, again = (
        rating("s", 1, T0, item(score=5)),
        rating("s", 2, T0 + 2 * PANE, item(score=1)),
        rating("s", 3, T0, item(score=5)),
    )
    *_, dropped = facts_of(rating("other", 1, T0, item(score=5)))
    facts = facts_of(first, low, again)
    dead = new_state()
    for one in (state, dead):
        one.absorb(batch(Topic.RATED_SERVICE, [dropped, facts[0]]))
    said = dead.absorb(batch(Topic.RATED_SERVICE, [facts[1]])).outputs
    newer: dict[Any, Any] = {
        identity(one.record): one.record for one in state.absorb(batch(Topic.RATED_SERVICE, facts[1:])).outputs
    }
    for output in said:
        assert newer[identity(output.record)].version > output.record.version
    moved = [record for record in newer.values() if getattr(record, "pane_start", 0) == T0 + 2 * PANE]
    assert [(count.opinions, count.dissatisfied) for count in moved] == [(0, 0)]


def test_a_score_of_one_with_a_text_is_urgent(state: AssessmentState) -> None:
    """One star without a text, or two stars with one, are not."""
    sheets = {
        "both": (1, "they asked for money", ("SCORE_1_WITH_TEXT",)),
        "no-text": (1, None, ()),
        "two-stars": (2, "slow", ()),
    }
    for sheet_id, (score, comment, reasons) in sheets.items():
        facts = facts_of(rating(sheet_id, 1, T0, item(score=score), comment=comment))
        (complaint,) = published(state, facts, Topic.COMPLAINT)
        assert (complaint.priority_reasons, complaint.priority) == (reasons, "HIGH" if reasons else "NORMAL")


def about(official: str, sheet_id: str, day: int, score: int = 2, revision: int = 1) -> Rating:
    """A sheet about an official, so many days after T0."""
    return rating(sheet_id, revision, T0 + day * DAY_MS, item("OFFICIAL", official, score))


@pytest.mark.parametrize("order", [1, -1], ids=["in order", "backward"])
def test_a_second_complaint_about_an_official_within_thirty_days_is_urgent(order: int) -> None:
    """The later one is, whichever arrives first; one about another official or 31 days later is not."""
    sheets = [about("o1", "a", 0), about("o1", "b", 30), about("o2", "c", 30), about("o1", "d", 61)]
    state = new_state()
    last = {
        one.sheet_id: one
        for sheet in sheets[::order]
        for one in sorted(published(state, facts_of(sheet), Topic.COMPLAINT), key=lambda found: found.version)
    }
    assert {sheet: one.priority for sheet, one in last.items()} == {
        "a": "NORMAL",
        "b": "HIGH",
        "c": "NORMAL",
        "d": "NORMAL",
    }


def test_a_complaint_about_an_official_at_another_office_is_no_repeat(state: AssessmentState) -> None:
    """Offices may lie in different partitions: joined, they would depend on the number of partitions."""
    sheets = [
        rating("a", 1, T0, item("OFFICIAL", "o1", 1)),
        rating("b", 1, T0, item("OFFICIAL", "o1", 1, office="03EE")),
    ]
    complaints = published(state, facts_of(*sheets), Topic.COMPLAINT)
    assert [(one.office, one.priority, one.priority_reasons) for one in complaints] == [
        ("03CC", "NORMAL", ()),
        ("03EE", "NORMAL", ()),
    ]


def test_taking_the_first_complaint_back_calms_the_second(state: AssessmentState) -> None:
    """When the earlier sheet is raised, the later complaint is said again, no longer urgent, with a higher version."""
    sheets = (about("o1", "a", 0), about("o1", "b", 5))
    before = [one for sheet in sheets for one in published(state, facts_of(sheet), Topic.COMPLAINT)]
    raised = facts_of(about("o1", "a", 0), about("o1", "a", 6, score=5, revision=2))
    after = published(state, raised, Topic.COMPLAINT)
    urgent = next(one for one in before if one.priority == "HIGH")
    calm = next(one for one in after if one.sheet_id == urgent.sheet_id)
    assert (urgent.sheet_id, calm.priority) == ("b", "NORMAL")
    assert calm.version > urgent.version
