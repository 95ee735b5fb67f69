"""Tests of the join stage through its seam: batches in, facts out."""

from __future__ import annotations

import random

import pytest
from support.events import WRITTEN_AT, at, batch, item, rating, status
from support.reference import join_context

from processors.domain.join.policy import JoinPolicy
from processors.stages.join import JoinStage, JoinState
from schemas.batches.batch import RawBatch
from schemas.errors import Reason
from schemas.records.events import Rating
from schemas.records.facts import RatedService
from schemas.topics import Topic

STATUS, RATING = Topic.DECLARATION_STATUS, Topic.RATING
T0 = at("2020-05-11 08:00")
MINUTE = 60_000


@pytest.fixture
def state() -> JoinState:
    """An empty state with ten minutes of grace."""
    return JoinStage(JoinPolicy(grace_ms=10 * MINUTE), join_context()).new_state(0)


def facts(state: JoinState, topic: Topic, *records: object) -> list[RatedService]:
    """Facts published for a batch."""
    absorbed = state.absorb(batch(topic, records))
    assert not absorbed.rejects
    return [output.record for output in absorbed.outputs]  # type: ignore[misc]


def test_rating_takes_the_context_as_of_its_submission(state: JoinState) -> None:
    """A fact holds what was known up to the moment of rating and nothing that happened later."""
    facts(
        state,
        STATUS,
        status("e1", "REGISTERED", T0, team="01", kind="A11"),
        status("e2", "CHANNEL_ASSIGNED", T0 + MINUTE, channel="YELLOW"),
        status("e3", "DOCUMENTS_CHECKED", T0 + 91 * MINUTE),
        status("e4", "CLEARED", T0 + 200 * MINUTE),
    )
    (fact,) = facts(state, RATING, rating("s", 1, T0 + 100 * MINUTE))
    assert (fact.state, fact.status, fact.channel, fact.kind) == ("MATCHED", "DOCUMENTS_CHECKED", "YELLOW", "A11")
    assert (fact.declaration_team, fact.tax_code, fact.status_count) == ("01", "0200100100", 3)
    assert (fact.document_minutes, fact.goods_minutes, fact.on_time) == (90, None, True)
    assert (fact.registered_at, fact.permitted_at, fact.clearance_minutes) == (T0, None, 100)


def test_running_step_beyond_its_limit_is_late(state: JoinState) -> None:
    """A goods inspection that is still running after eight working hours makes the fact late."""
    facts(
        state,
        STATUS,
        status("e1", "REGISTERED", T0),
        status("e2", "INSPECTION_REQUIRED", T0 + MINUTE, channel="RED"),
    )
    (fact,) = facts(state, RATING, rating("s", 1, T0 + 482 * MINUTE, phase="DURING_CLEARANCE"))
    assert (fact.goods_minutes, fact.on_time) == (481, False)


def test_late_status_sends_the_fact_again_with_a_higher_version(state: JoinState) -> None:
    """A status that belongs before the rating but arrives after it corrects the fact under the same id."""
    facts(state, STATUS, status("e1", "REGISTERED", T0))
    (first,) = facts(state, RATING, rating("s", 1, T0 + 60 * MINUTE))
    (second,) = facts(state, STATUS, status("e2", "CLEARED", T0 + 30 * MINUTE))
    assert second.fact_id == first.fact_id
    assert second.version > first.version
    assert (first.status, second.status) == ("REGISTERED", "CLEARED")


def test_status_after_the_rating_changes_nothing(state: JoinState) -> None:
    """What happens to a declaration after it was rated is not part of the fact."""
    facts(state, STATUS, status("e1", "REGISTERED", T0))
    facts(state, RATING, rating("s", 1, T0 + MINUTE))
    assert facts(state, STATUS, status("e2", "CLEARED", T0 + 2 * MINUTE)) == []


def test_repeated_records_say_the_same_again(state: JoinState) -> None:
    """The same status or sheet sent again changes nothing: its facts are those of before, versions and all."""
    event, sheet = status("e1", "REGISTERED", T0), rating("s", 1, T0 + MINUTE)
    later = status("e2", "CLEARED", T0 + 2 * MINUTE)
    facts(state, STATUS, event, later)
    first = facts(state, RATING, sheet)
    assert len(first) == 1
    assert facts(state, RATING, sheet, sheet) == first
    assert facts(state, STATUS, event) == first
    assert facts(state, STATUS, later) == []


@pytest.mark.parametrize("first", [STATUS, RATING])
def test_what_a_rebuild_swallowed_is_said_when_the_record_is_replayed(state: JoinState, first: Topic) -> None:
    """A record that was refused and can be read since: the rebuild takes it in silently, its replay brings the fact."""
    event, sheet = status("e1", "REGISTERED", T0), rating("s", 1, T0 + MINUTE)
    state.replay(batch(STATUS, [event]))
    state.replay(batch(RATING, [sheet]))
    (fact,) = facts(state, first, event if first is STATUS else sheet)
    assert (fact.state, fact.status) == ("MATCHED", "REGISTERED")


def test_amended_declaration_joins_the_first_number(state: JoinState) -> None:
    """A rating for the declaration number as registered meets statuses of its amended number."""
    facts(state, STATUS, status("e1", "AMENDED_BY_DECLARANT", T0, declaration_no="103000000012"))
    (fact,) = facts(state, RATING, rating("s", 1, T0 + MINUTE, declaration_no="103000000010"))
    assert fact.state == "MATCHED"


def test_unknown_declaration_is_unmatched_after_the_grace_and_corrected_later(state: JoinState) -> None:
    """Nothing is said during the grace, UNMATCHED after it, MATCHED when the declaration appears."""
    assert facts(state, RATING, rating("s", 1, T0)) == []
    assert list(state.advance(T0 + 10 * MINUTE - 1)) == []
    (output,) = state.advance(T0 + 10 * MINUTE)
    assert output.record.state == "UNMATCHED"  # type: ignore[union-attr]
    (fact,) = facts(state, STATUS, status("e1", "REGISTERED", T0 - MINUTE))
    assert fact.state == "MATCHED"
    assert fact.version > output.record.version


def test_ratings_do_not_end_their_own_grace(state: JoinState) -> None:
    """Ratings read far ahead of statuses, as in a replay, wait for the statuses and not for each other."""
    assert facts(state, RATING, rating("s1", 1, T0), rating("s2", 1, T0 + 3600 * MINUTE)) == []
    early = status("e9", "REGISTERED", T0 + MINUTE, declaration_no="109999999990")
    assert facts(state, STATUS, early) == []


def test_grace_is_measured_in_the_log_of_the_statuses(state: JoinState) -> None:
    """A history may name any times: a sheet waits until statuses published ten minutes after it were read."""
    assert facts(state, RATING, rating("s1", 1, T0)) == []
    for minutes, expected in ((9, []), (10, ["UNMATCHED"])):
        other = status(f"e{minutes}", "REGISTERED", T0 + 9000 * MINUTE, declaration_no="109999999990")
        absorbed = state.absorb(batch(STATUS, [other], written_at=WRITTEN_AT + minutes * MINUTE))
        assert [output.record.state for output in absorbed.outputs] == expected  # type: ignore[union-attr]


def test_a_sheet_from_the_future_waits_no_longer_than_others(state: JoinState) -> None:
    """The clock of a sheet does not decide how long it waits: ten minutes after it was published it is due."""
    assert facts(state, RATING, rating("s1", 1, WRITTEN_AT + 100 * MINUTE)) == []
    assert list(state.advance(WRITTEN_AT + 9 * MINUTE)) == []
    (output,) = state.advance(WRITTEN_AT + 10 * MINUTE)
    assert output.record.state == "UNMATCHED"  # type: ignore[union-attr]


def test_later_revision_supersedes_dropped_items(state: JoinState) -> None:
    """An item that the next revision drops stays as SUPERSEDED; the others take the new score and remember the old."""
    facts(state, STATUS, status("e1", "REGISTERED", T0))
    facts(state, RATING, rating("s", 1, T0 + MINUTE, item(score=1), item("TEAM", "01", 2)))
    office, team = facts(state, RATING, rating("s", 2, T0 + 2 * MINUTE, item(score=4)))
    assert (office.state, office.score, office.revision) == ("MATCHED", 4, 2)
    assert office.score_since == (T0 + MINUTE, 0, 0, T0 + 2 * MINUTE, 0)
    assert (team.state, team.score, team.revision) == ("SUPERSEDED", 2, 1)


def test_order_of_revisions_does_not_matter(state: JoinState) -> None:
    """A revision that arrives before its predecessor leaves the same facts, versions included."""
    other = JoinStage(JoinPolicy(), join_context()).new_state(0)
    one = rating("s", 1, T0 + MINUTE, item(score=1), item("TEAM", "01", 2))
    two = rating("s", 2, T0 + 2 * MINUTE, item(score=4))
    event = status("e1", "REGISTERED", T0)
    for record, topic in ((event, STATUS), (one, RATING), (two, RATING)):
        forward = facts(state, topic, record) or []
    for record, topic in ((two, RATING), (one, RATING), (event, STATUS)):
        backward = facts(other, topic, record)
    assert forward == backward


def test_conflicting_contents_of_one_event_have_one_winner() -> None:
    """Of two contents under one event id the same one wins in either order."""
    a = status("e1", "REGISTERED", T0, kind="A11")
    b = status("e1", "REGISTERED", T0, kind="A12")
    results = []
    for order in ((a, b), (b, a)):
        fresh = JoinStage(JoinPolicy(), join_context()).new_state(0)
        for record in order:
            facts(fresh, STATUS, record)
        (fact,) = facts(fresh, RATING, rating("s", 1, T0 + MINUTE))
        results.append(fact)
    assert results[0] == results[1]


def test_version_grows_when_a_content_with_an_earlier_submission_wins() -> None:
    """Two contents of one revision: whichever comes second, its facts have the higher version."""
    early = rating("s", 1, T0, item(score=1))
    late = rating("s", 1, T0 + 2 * MINUTE, item(score=1), item("TEAM", "01", 1))
    for order in ((early, late), (late, early)):
        state = JoinStage(JoinPolicy(grace_ms=0), join_context()).new_state(0)
        facts(state, STATUS, status("e1", "REGISTERED", T0 + MINUTE), status("e2", "CLEARED", T0 + MINUTE))
        versions = [one.version for sheet in order for one in facts(state, RATING, sheet)]
        versions += [output.record.version for output in state.advance(WRITTEN_AT)]
        assert versions[-1] > versions[0]


def test_unknown_office_and_team_are_kept_and_marked(state: JoinState) -> None:
    """A rating of an office or team that reference data does not know is a fact like any other, marked."""
    facts(state, STATUS, status("e1", "REGISTERED", T0))
    made = facts(
        state, RATING, rating("s", 1, T0 + MINUTE, item("OFFICE", "99ZX", office="99ZX"), item("TEAM", "77"), item())
    )
    assert {(fact.target, fact.target_id): fact.target_known for fact in made} == {
        ("OFFICE", "99ZX"): False,
        ("TEAM", "77"): False,
        ("OFFICE", "03CC"): True,
    }


def test_cancelled_declaration_is_matched_as_cancelled(state: JoinState) -> None:
    """A rating of a cancelled declaration is joined and shows that status."""
    facts(state, STATUS, status("e1", "CLEARED", T0), status("e2", "CANCELLED", T0 + MINUTE))
    (fact,) = facts(state, RATING, rating("s", 1, T0 + 2 * MINUTE))
    assert (fact.state, fact.status, fact.permitted_at) == ("MATCHED", "CANCELLED", T0)


def test_one_poison_record_costs_only_itself(state: JoinState) -> None:
    """Broken records are rejected with a reason while their neighbours are joined."""
    good = batch(STATUS, [status("e1", "REGISTERED", T0), status("e2", "CLEARED", T0 + MINUTE)])
    values = [good.values[0], b"\x00\x00\x00\x03\xe7x", b'{"status": "CLEARED"}', None, good.values[1]]
    keys = [good.keys[0]] * 5
    absorbed = state.absorb(RawBatch(STATUS, 0, range(5), [WRITTEN_AT] * 5, keys, values))
    assert [(r.index, r.reason) for r in absorbed.rejects] == [
        (1, Reason.UNKNOWN_SCHEMA),
        (2, Reason.NOT_FRAMED),
        (3, Reason.EMPTY),
    ]
    (fact,) = facts(state, RATING, rating("s", 1, T0 + 2 * MINUTE))
    assert fact.status_count == 2


@pytest.mark.parametrize("order", ["statuses first", "ratings first"])
def test_a_history_of_years_is_joined_in_any_order(state: JoinState, order: str) -> None:
    """Statuses of 450 days are read before, or after, the ratings of that time: every sheet is matched."""
    step, count = 36 * 60 * MINUTE, 300
    numbers = [f"10300{n:06d}0" for n in range(count)]
    statuses = [status(f"e{n}", "REGISTERED", T0 - n * step, declaration_no=numbers[n]) for n in range(count)]
    sheets = [rating(f"s{n}", 1, T0 - n * step + MINUTE, declaration_no=numbers[n]) for n in range(count)]
    read = [batch(STATUS, statuses), batch(RATING, sheets)]
    first, last = read if order == "statuses first" else read[::-1]
    assert list(state.absorb(first).outputs) == []
    made = [output.record for output in state.absorb(last).outputs]
    assert [fact.state for fact in made] == ["MATCHED"] * count  # type: ignore[union-attr]
    assert list(state.advance(WRITTEN_AT)) == []


def test_an_old_sheet_is_edited_after_a_restart(state: JoinState) -> None:
    """The view restored from a snapshot or from the log matches the new revision like the old one."""
    years = 480 * 24 * 60 * MINUTE
    old = [batch(STATUS, [status("e1", "REGISTERED", T0 - years)]), batch(RATING, [rating("s", 1, T0 - years + 1)])]
    new = batch(STATUS, [status("e2", "REGISTERED", T0, declaration_no="109999999990")], first_offset=1)
    stage = JoinStage(JoinPolicy(), join_context())
    for one in (*old, new):
        state.absorb(one)
    rebuilt = stage.new_state(0)
    for one in (*old, new):
        rebuilt.replay(one)
    for restored in (rebuilt, stage.restored_state(0, state.snapshot())):
        (fact,) = facts(restored, RATING, rating("s", 2, T0, item(score=1)))
        assert (fact.state, fact.revision, fact.unmatched_reason) == ("MATCHED", 2, None)


def test_a_matched_sheet_keeps_its_statuses_when_the_log_deletes_them(state: JoinState) -> None:
    """What Kafka deleted is forgotten, except where a sheet that the log still holds needs it."""
    facts(state, STATUS, status("e1", "REGISTERED", T0), status("e2", "REGISTERED", T0, declaration_no="109999999990"))
    facts(state, RATING, rating("s", 1, T0 + MINUTE))
    state.forget({STATUS: 2, RATING: 0})
    assert state.sizes()["statuses"] == 1
    (fact,) = facts(state, RATING, rating("s", 2, T0 + 2 * MINUTE))
    assert fact.state == "MATCHED"
    state.forget({STATUS: 2, RATING: 2})
    assert (state.sizes()["statuses"], state.sizes()["sheets"]) == (0, 0)


def test_a_declaration_that_is_gone_is_told_from_one_that_never_was() -> None:
    """Unmatched sheets say why: deleted from the log, for sheets that old or edits of such; else not known."""
    day = 24 * 60 * MINUTE
    state = JoinStage(JoinPolicy(grace_ms=0, rated_within_ms=10 * day), join_context()).new_state(0)
    state.absorb(batch(STATUS, [status("e1", "REGISTERED", T0)], written_at=T0))
    assert _reasons(state, rating("s1", 1, T0, declaration_no="109999999990")) == {"s1": "NOT_KNOWN"}
    state.forget({STATUS: 1, RATING: 0})
    reasons = _reasons(
        state,
        rating("s2", 1, T0 + 9 * day),
        rating("s3", 1, T0 + 11 * day),
        rating("s4", 2, T0 + 11 * day),
    )
    assert reasons == {"s2": "GONE", "s3": "NOT_KNOWN", "s4": "GONE"}
    assert (state.sizes()["sheets_gone"], state.sizes()["sheets_not_known"]) == (2, 2)


def _reasons(state: JoinState, *sheets: Rating) -> dict[str, str | None]:
    """Reasons of unmatched sheets, once everything is read."""
    made = [*state.absorb(batch(RATING, sheets)).outputs, *state.advance(WRITTEN_AT)]
    facts = [output.record for output in made]
    assert {fact.state for fact in facts} == {"UNMATCHED"}  # type: ignore[union-attr]
    return {str(fact.sheet_id): fact.unmatched_reason for fact in facts}  # type: ignore[union-attr]


def test_any_cut_into_batches_gives_the_same_facts() -> None:
    """However a shuffled log is cut into batches, the last version of every fact is the same."""
    chance = random.Random(7)
    statuses = [
        status(f"e{n}", name, T0 + n * MINUTE, declaration_no=f"1030000000{n % 3}0", channel="RED")
        for n, name in enumerate(["REGISTERED", "CHANNEL_ASSIGNED", "DOCUMENTS_CHECKED", "CLEARED"] * 6)
    ]
    sheets = [
        rating(f"s{n}", r, T0 + (3 * n + r) * MINUTE, item(score=1 + (n + r) % 5), declaration_no=f"1030000000{n % 3}0")
        for n in range(6)
        for r in (1, 2)
    ]
    results = []
    for _ in range(5):
        log = [(STATUS, one) for one in statuses] + [(RATING, one) for one in sheets]
        chance.shuffle(log)
        state = JoinStage(JoinPolicy(grace_ms=0), join_context()).new_state(0)
        last: dict[str, RatedService] = {}
        for topic, record in log:
            last.update({fact.fact_id: fact for fact in facts(state, topic, record)})
        last.update({o.record.fact_id: o.record for o in state.advance(WRITTEN_AT)})  # type: ignore[union-attr,misc]
        results.append(last)
    assert all(result == results[0] for result in results)


def test_made_up_codes_cannot_stop_the_worker(state: JoinState) -> None:
    """More distinct steps, offices and enterprises than a real system has are kept like any others."""
    codes = [f"{n:06X}" for n in range(70_000)]
    letters = [chr(65 + n % 26) + chr(65 + n // 26 % 26) for n in range(600)]
    events = [status(f"e{n}", "REGISTERED", T0, office=code) for n, code in enumerate(codes)]
    events += [status(f"s{n}", "REGISTERED", T0, step=f"STEP_{word}") for n, word in enumerate(letters)]
    facts(state, STATUS, *events)
    (fact,) = facts(state, RATING, rating("s", 1, T0 + MINUTE))
    assert fact.status_count == len(events)
