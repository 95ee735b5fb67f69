"""Since when a sheet says something, and who says it: what makes feedback of a score."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from support.comparison import records_of
from support.events import WRITTEN_AT, at, batch, item, rating, status
from support.in_memory import Restart, in_memory_pipeline
from support.reference import join_context

from processors.domain.join.policy import JoinPolicy
from processors.stages.join import JoinStage
from schemas.contacts.envelope import Envelope
from schemas.reference.site.reference import parse_site
from schemas.topics import Topic

STATUS, RATING, FACT = Topic.DECLARATION_STATUS, Topic.RATING, Topic.RATED_SERVICE
T0 = at("2020-05-11 08:00")
MINUTE = 60_000
OWN = "0200100100"
REGISTERED = status("e1", "REGISTERED", T0, tax_code=OWN)
CONTACT = Envelope("k1", bytes(80)).to_bytes()
SENT = [0, *(T0 + (60 + revision) * MINUTE for revision in range(1, 5))]


def sheet(revision: int, *items: Any, **fields: Any) -> Any:
    """A revision, sent so many minutes after the hour."""
    return rating("s", revision, SENT[revision], *(items or (item(score=5),)), **fields)


@pytest.mark.parametrize(
    ("said", "has_content"),
    [
        ({"comment": "chậm", "tax_code": OWN}, True),
        ({"comment": "chậm", "contact": CONTACT}, True),
        ({"comment": "5", "tax_code": OWN}, True),
        ({"comment": "chậm"}, False),  # nobody says it
        ({"tax_code": OWN, "contact": CONTACT}, False),  # nothing is said
        ({"comment": "", "tax_code": OWN}, False),
        ({"comment": " \t\n\u3000\u200b", "tax_code": OWN}, False),
        ({"comment": "… !!! 👍", "tax_code": OWN}, False),
    ],
)
def test_content_is_a_text_and_who_says_it(said: dict[str, Any], has_content: bool) -> None:
    """A text with a letter or digit, and a contact or a tax code: both are needed, at any score."""
    state = JoinStage(JoinPolicy(), join_context()).new_state(0)
    state.absorb(batch(STATUS, [REGISTERED]))
    (output,) = state.absorb(batch(RATING, [sheet(1, **said)])).outputs
    fact: Any = output.record
    assert fact.content_since == (SENT[1] if has_content else 0)


@pytest.mark.parametrize(
    ("rule", "since"),
    [
        ('text = true\nsender = ["CONTACT", "TAX_CODE"]', SENT[2]),
        ('text = true\nsender = ["CONTACT"]', SENT[3]),
        ("text = true\nsender = []", SENT[2]),
        ("text = false\nsender = []", SENT[1]),
    ],
    ids=["the package", "a contact alone", "whoever", "every star"],
)
def test_what_content_is_may_be_chosen(rule: str, since: int) -> None:
    """A site's file says what makes feedback; the first revision that has it counts."""
    chosen = parse_site("site.toml", f'[[feedback_content]]\n{rule}\nconfidence = "U"\nsource = "ours"\n')
    context = replace(join_context(), content=chosen.content)
    state = JoinStage(JoinPolicy(), context).new_state(0)
    state.absorb(batch(STATUS, [REGISTERED]))
    outputs = state.absorb(batch(RATING, REVISIONS)).outputs
    facts: list[Any] = [output.record for output in outputs]
    assert {fact.content_since for fact in facts} == {since}


REVISIONS = (
    sheet(1, item(score=1), item("TEAM", "01", 2), tax_code=OWN),
    sheet(2, item(score=1), tax_code=OWN, comment="phải chờ"),
    sheet(3, item(score=2), comment="phải chờ lâu", contact=CONTACT),
    sheet(4, item(score=2), tax_code=OWN),  # without its words: they were said
)


@pytest.mark.parametrize("order", list(itertools.permutations(range(len(REVISIONS) + 1))))
def test_the_first_revision_with_content_counts_in_any_order(order: tuple[int, ...]) -> None:
    """Four revisions and a status in every order, with a restart on the way: the time of the second, in every fact."""
    arrivals = [*((RATING, revision) for revision in REVISIONS), (STATUS, REGISTERED)]
    with in_memory_pipeline() as pipeline:
        for place in order:
            topic, record = arrivals[place]
            pipeline.take(topic, [record])
            pipeline.restart(Restart.SNAPSHOT)
        pipeline.advance(WRITTEN_AT)
        facts = records_of(pipeline.last, FACT)
    assert sorted((fact.target, fact.state, fact.content_since) for fact in facts) == [
        ("OFFICE", "MATCHED", SENT[2]),
        ("TEAM", "SUPERSEDED", SENT[2]),
    ]


def test_an_earlier_revision_that_comes_late_moves_the_time() -> None:
    """The fact says what is known, and a higher version corrects it."""
    state = JoinStage(JoinPolicy(), join_context()).new_state(0)
    state.absorb(batch(STATUS, [REGISTERED]))
    found: list[Any] = []
    for revision in (REVISIONS[3], REVISIONS[2], REVISIONS[1]):
        found += [one.record for one in state.absorb(batch(RATING, [revision])).outputs]
    assert [fact.content_since for fact in found] == [0, SENT[3], SENT[2]]
    assert [fact.version for fact in found] == sorted({fact.version for fact in found})
