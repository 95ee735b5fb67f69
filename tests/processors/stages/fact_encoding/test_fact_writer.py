"""Facts made of many sheets at once are those that are made one by one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.events import at, batch, item, rating, status, value_of

from benchmarks.contenders.rules import add_rating, add_status, empty
from processors.domain.join.policy import JoinPolicy
from processors.stages.fact_encoding import fact_writer, item_table
from processors.stages.join import JoinStage
from processors.stages.reference_policies import reference_context
from processors.stages.stage import Output
from schemas.codec.record import decoder
from schemas.contacts.envelope import Envelope
from schemas.records.events import DeclarationStatus, Rating, Status
from schemas.records.facts import RatedService
from schemas.topics import Topic

SEALED = Envelope("k1", bytes(80)).to_bytes()
T0 = at("2020-04-28 07:00")
MINUTE = 60_000
STATUS, RATING, FACT = Topic.DECLARATION_STATUS, Topic.RATING, Topic.RATED_SERVICE
DECLARATIONS = st.sampled_from(["103000000010", "203000000010"])
MOMENTS = st.integers(0, 3000).map(lambda minute: T0 + minute * MINUTE)

statuses = st.builds(
    status,
    st.sampled_from([f"e{n}" for n in range(6)]),
    st.sampled_from([one.value for one in Status]),
    MOMENTS,
    declaration_no=DECLARATIONS,
    office=st.sampled_from(["03CC", "03EE", "99ZZ"]),
    team=st.sampled_from([None, "01"]),
    channel=st.sampled_from([None, "GREEN", "YELLOW", "RED"]),
    tax_code=st.sampled_from([None, "0200100100"]),
)
items = st.lists(
    st.builds(
        item,
        st.sampled_from(["OFFICE", "TEAM", "STEP", "OFFICIAL"]),
        st.just(""),
        st.integers(1, 5),
        office=st.sampled_from(["03CC", "03EE", "ABCD"]),
        reason=st.sampled_from([None, "SLOW"]),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda one: (one.target, one.office),
)


@st.composite
def ratings(draw: st.DrawFn) -> Rating:
    """A record of one of a few sheets."""
    ids = {"TEAM": "01", "STEP": "TAX", "OFFICIAL": draw(st.sampled_from(["o1", "o" * 64]))}
    chosen = [
        item(one.target, ids.get(one.target, one.office), one.score, office=one.office, reason=one.reason)
        for one in draw(items)
    ]
    return rating(
        draw(st.sampled_from(["s1", "s" * 64])),
        draw(st.integers(1, 3)),
        draw(MOMENTS),
        *chosen,
        declaration_no=draw(DECLARATIONS),
        tax_code=draw(st.sampled_from([None, "0200100200", "0200100100-001"])),
        phase=draw(st.sampled_from(["DURING_CLEARANCE", "AFTER_CLEARANCE"])),
        comment=draw(st.sampled_from([None, "", " ", "chậm", "phong bì", "hạch sách, vòi vĩnh"])),
        contact=draw(st.sampled_from([None, SEALED])),
    )


def _last(found: list[RatedService]) -> dict[str, RatedService]:
    """The last version of each fact."""
    return {fact.fact_id: fact for fact in sorted(found, key=lambda fact: fact.version)}


@settings(max_examples=150, deadline=None)
@given(
    batches=st.lists(st.lists(statuses, max_size=6) | st.lists(ratings(), max_size=4), max_size=6),
    small=st.booleans(),
)
def test_facts_are_those_of_a_walk(batches: list[list[Any]], *, small: bool) -> None:
    """Revisions, dropped items, unknown offices, late statuses, memories that are full: the same last facts."""
    with pytest.MonkeyPatch.context() as patch:
        if small:
            patch.setattr(fact_writer, "_MOST_KEPT", 3)
            patch.setattr(fact_writer, "_SLICE", 1)
            patch.setattr(item_table, "_MOST_OBJECTS", 2)
        found = _of_the_stage(batches)
    assert _last(found) == _last(_one_by_one(batches))


def _of_the_stage(batches: list[list[Any]]) -> list[RatedService]:
    state = JoinStage(JoinPolicy(), reference_context()).new_state(0)
    outputs: list[Output] = []
    for records in filter(None, batches):
        topic = STATUS if isinstance(records[0], DeclarationStatus) else RATING
        absorbed = state.absorb(batch(topic, records))
        assert not absorbed.rejects
        outputs += absorbed.outputs
    outputs += state.advance(T0 + 365 * 86_400_000)  # so that the sheets come out that still wait for a declaration
    return [one.record for one in outputs if isinstance(one.record, RatedService)]


def _one_by_one(batches: list[list[Any]]) -> list[RatedService]:
    known: dict[str, Any] = {}
    read, found = decoder(FACT.subject), list[RatedService]()
    for record in (record for records in batches for record in records):
        topic, add = (STATUS, add_status) if isinstance(record, DeclarationStatus) else (RATING, add_rating)
        key = record.declaration_no[:11]
        known[key], written = add(known.get(key) or empty(), value_of(record, topic))
        found += [RatedService.from_avro(read(value)) for _key, value in written]
    return found
