"""Statuses, channels, kinds, steps, scores, reasons and deadlines."""

from datetime import date

import pytest
from support.vocabulary import load_kinds, load_messages

from schemas.reference.deadlines import load_deadlines, parse_deadlines
from schemas.reference.errors import ReferenceDataError
from schemas.reference.service import ScoreGroup, load_rating_scale, load_reasons, load_steps
from schemas.reference.tables import Confidence, data_text, parse_table, unique
from schemas.reference.validity import day_start_ms, epoch_day
from schemas.reference.vocabulary import Direction, Origin, load_channels, load_statuses

IN_2020 = day_start_ms(epoch_day(date(2020, 5, 15)))
IN_2026 = day_start_ms(epoch_day(date(2026, 5, 15)))


def test_three_outcomes_open_a_rating() -> None:
    """Storage, release and clearance are the rateable outcomes, and no other status is."""
    assert {s.status for s in load_statuses().values() if s.rateable} == {"STORAGE_PERMITTED", "RELEASED", "CLEARED"}


def test_every_message_brings_a_known_status_and_channel() -> None:
    """No message points to a word that is not in the vocabulary, and directions agree."""
    for message in load_messages().values():
        status = load_statuses()[message.status]
        assert message.direction is status.direction or status.direction is Direction.BOTH
        assert message.channel is None or message.channel in load_channels()


def test_our_own_statuses_say_so() -> None:
    """A status without a VNACCS message is marked as ours and unverified; one with messages is not."""
    brought = {message.status for message in load_messages().values()}
    for status in load_statuses().values():
        assert (status.origin is Origin.OURS) == (status.status not in brought)
        assert (status.origin is Origin.OURS) == (status.confidence is Confidence.UNVERIFIED)


@pytest.mark.parametrize(
    ("message", "status", "channel"),
    [
        ("VAD1AC", "CHANNEL_ASSIGNED", "GREEN"),
        ("VAE3LD", "CHANNEL_ASSIGNED", "RED"),
        ("VAD487", "INSPECTION_REQUIRED", None),
        ("VAE478", "INSPECTION_WITHDRAWN", None),
        ("VAD2BJ", "RELEASED", "YELLOW"),
        ("VAE1LF", "CLEARED", "GREEN"),
        ("VAL804", "POST_AMEND_ACCEPTED", None),
    ],
)
def test_messages_are_read(message: str, status: str, channel: str | None) -> None:
    """Messages of the 2014 terminal package lead to the status and channel of its guide."""
    found = load_messages()[message]
    assert (found.status, found.channel) == (status, channel)


def test_channels_have_their_digits() -> None:
    """Green, yellow and red are 1, 2 and 3."""
    assert [(c.channel, c.digit, c.name_vi) for c in load_channels().values()] == [
        ("GREEN", "1", "Luồng xanh"),
        ("YELLOW", "2", "Luồng vàng"),
        ("RED", "3", "Luồng đỏ"),
    ]


def test_kinds_lose_their_confidence_in_2021() -> None:
    """A kind of 2014 is confirmed until 31 May 2021 and unverified afterwards."""
    last = day_start_ms(epoch_day(date(2021, 6, 1))) - 1
    before, after = (load_kinds().get("A11", Direction.IMPORT, at) for at in (last, last + 1))
    assert before is not None
    assert after is not None
    assert (before.confidence, after.confidence) == (Confidence.CONFIRMED, Confidence.UNVERIFIED)


def test_kinds_are_looked_up_by_direction() -> None:
    """AEO exists for both directions, A11 for imports alone, and an unknown kind is None; 19 + 18 kinds are there."""
    kinds = load_kinds()
    assert kinds.get("AEO", Direction.EXPORT, IN_2020) is not None
    assert kinds.get("A11", Direction.EXPORT, IN_2020) is None
    assert kinds.get("ZZZ", Direction.IMPORT, IN_2026) is None
    assert len(kinds) == 37


def test_steps_carry_the_limits_of_the_law() -> None:
    """Registration at once, documents 120 and goods 480 working minutes; the other steps have no limit we know."""
    limits = {step.step: step.limit_minutes for step in load_steps().values()}
    assert limits == {
        "REGISTRATION": 0,
        "DOCUMENT_CHECK": 120,
        "GOODS_INSPECTION": 480,
        "TAX_PAYMENT": None,
        "RELEASE_DECISION": None,
        "SUPERVISION": None,
    }
    assert all(step.limit_source for step in load_steps().values() if step.limit_minutes is not None)


def test_the_scale_has_five_scores_in_three_groups() -> None:
    """1 and 2 are dissatisfied, 3 is neutral, 4 and 5 are satisfied."""
    groups = {score.score: score.group for score in load_rating_scale().values()}
    bad, good = ScoreGroup.DISSATISFIED, ScoreGroup.SATISFIED
    assert groups == {1: bad, 2: bad, 3: ScoreGroup.NEUTRAL, 4: good, 5: good}
    assert load_rating_scale()[5].name_vi == "Rất hài lòng"


def test_reasons_cover_the_factors_and_flag_allegations() -> None:
    """All five SIPAS factors and our three have reasons, and exactly the harassment reasons are sensitive."""
    reasons = load_reasons().values()
    sipas = {"ACCESS", "PROCEDURE", "OFFICIAL", "RESULT", "COMPLAINT_HANDLING"}
    assert {r.factor for r in reasons} == sipas | {"LATENESS", "ATTITUDE", "HARASSMENT", "OTHER"}
    assert {r.reason for r in reasons if r.sensitive} == {r.reason for r in reasons if r.factor == "HARASSMENT"}


@pytest.mark.parametrize(
    ("deadline", "days"),
    [("FORWARD_OUT_OF_SCOPE", 5), ("REJECT", 2), ("ASK_SUPPLEMENT", 5), ("RESOLVE", 15), ("PUBLISH", 2)],
)
def test_deadlines_have_an_answer_at_any_time(deadline: str, days: int) -> None:
    """Each deadline has its figure in 2020 and in 2026, so that a replay of an old year has one too."""
    book = load_deadlines()
    assert [book.get(deadline, at).working_days for at in (IN_2020, IN_2026)] == [days, days]
    assert book.get(deadline, IN_2026).confidence is Confidence.CONFIRMED


def test_the_first_look_has_a_limit_of_its_own() -> None:
    """Decree 20/2008 Art. 9 limits forwarding alone, so the limit for the first look is ours, and unverified."""
    look, forward = (load_deadlines().get(name, IN_2026) for name in ("FIRST_LOOK", "FORWARD_OUT_OF_SCOPE"))
    assert (look.working_days, look.confidence, look.source[:5]) == (5, Confidence.UNVERIFIED, "ours:")
    assert "Art. 9" in forward.source
    assert "first" not in forward.starts


def test_deadlines_say_where_they_are_applied_early() -> None:
    """The figures of Decision 766 are unverified for times before it, and an unknown id is an error of the caller."""
    assert load_deadlines().get("RESOLVE", IN_2020).confidence is Confidence.UNVERIFIED
    with pytest.raises(KeyError):
        load_deadlines().get("ANSWER", IN_2020)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("valid_from = 2022-06-23", "valid_from = 2022-06-24", "must cover all time once"),
        ("valid_from = 2022-06-23", "valid_from = 2022-06-22", "must cover all time once"),
        ("amount = 15", "amount = 0", "above 0"),
        ("amount = 15", "amounts = 15", "unknown amounts"),
        ('id = "RESOLVE"', "id = 5", "must be a string"),
        ("valid_to = 2022-06-23", 'valid_to = "2022-06-23"', "must be a date"),
    ],
)
def test_bad_deadlines_are_refused(old: str, new: str, problem: str) -> None:
    """Gaps, overlaps and wrong values in the deadlines raise ReferenceDataError."""
    with pytest.raises(ReferenceDataError, match=problem):
        parse_deadlines(data_text("deadlines.toml").replace(old, new))


def test_a_key_may_stand_once() -> None:
    """The second row of a key is refused with its line."""
    rows = parse_table("x.csv", "# note\na,b\n1,x\n1,y\n", ("a", "b"))
    with pytest.raises(ReferenceDataError, match="1 stands twice") as caught:
        unique(rows, lambda row: row.text("a"), lambda key: key)
    assert caught.value.line == 4


def test_loaders_read_once() -> None:
    """A loader gives the same object again: callers may ask in a hot path."""
    assert load_statuses() is load_statuses()
    assert load_deadlines() is load_deadlines()
