"""Promise 2: any arrival order, duplication or revision of the same events gives what a batch computation gives."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.events import WRITTEN_AT, at, batch, item, rating, status, value_of
from support.oracle import Oracle

from processors.stage import Output, PartitionState
from processors.stages import build_stages
from processors.stages.reference import reference_policies, reference_surroundings
from schemas.records import DeclarationStatus, Rating, Status
from schemas.reference import load_calendar
from schemas.topics import Topic

T0 = at("2020-04-28 07:00")
HOUR = 3_600_000
NUMBERS = ("103000000010", "103000000012", "303000000020")
OFFICES = ("03CC", "03EE")

times = st.integers(0, 9 * 24 * 60).map(lambda minute: T0 + minute * 60_000 + minute % 7 * 1000)
optional = st.sampled_from


@st.composite
def statuses(draw: st.DrawFn) -> DeclarationStatus:
    """A status; few event ids, so that contents sometimes conflict."""
    return status(
        f"e{draw(st.integers(0, 12))}",
        draw(st.sampled_from(list(Status))).value,
        draw(times),
        declaration_no=draw(st.sampled_from(NUMBERS)),
        office=draw(st.sampled_from(OFFICES)),
        team=draw(st.sampled_from((None, "00", "01"))),
        channel=draw(st.sampled_from((None, "GREEN", "YELLOW", "RED"))),
        kind=draw(st.sampled_from((None, "A11", "B11"))),
        tax_code=draw(st.sampled_from((None, "0200100100"))),
    )


@st.composite
def ratings(draw: st.DrawFn) -> Rating:
    """A sheet revision with one to three items; few sheet ids, so that revisions and conflicts happen."""
    targets = draw(
        st.lists(
            st.sampled_from([("OFFICE", ""), ("TEAM", "01"), ("STEP", "TAX_PAYMENT"), ("OFFICIAL", "o1")]),
            min_size=1,
            max_size=3,
            unique=True,
        )
    )
    items = []
    for target, target_id in targets:
        office = draw(st.sampled_from(OFFICES))
        items.append(item(target, target_id or office, draw(st.integers(1, 5)), office=office))
    return rating(
        f"s{draw(st.integers(0, 3))}",
        draw(st.integers(1, 3)),
        draw(times),
        *items,
        declaration_no=draw(st.sampled_from(NUMBERS)),
        tax_code=draw(st.sampled_from((None, "0100100100"))),
    )


class Pipeline:
    """All stages, joined by lists instead of topics; keeps the last version of every record."""

    def __init__(self) -> None:
        self.states: dict[Topic, PartitionState] = {}
        for stage in build_stages(reference_policies(), reference_surroundings(), lambda code, _at: code):
            self.states.update(dict.fromkeys(stage.inputs, stage.new_state(0)))
        self.last: dict[tuple[Topic, Any], Any] = {}

    def take(self, topic: Topic, records: Sequence[Any]) -> None:
        """Give a batch to its stage, and what comes of it to the stages behind."""
        if records:
            absorbed = self.states[topic].absorb(batch(topic, records))
            assert not absorbed.rejects
            self.spread(absorbed.outputs)

    def spread(self, outputs: Sequence[Output]) -> None:
        """Remember outputs, whose versions never fall, and hand them on."""
        produced: dict[Topic, list[Any]] = {}
        for output in outputs:
            known = self.last.get((output.topic, identity(output.record)))
            assert known is None or known.version <= output.record.version
            self.last[output.topic, identity(output.record)] = output.record
            produced.setdefault(output.topic, []).append(output.record)
        for topic, records in produced.items():
            if topic in self.states:
                self.take(topic, records)


def run(arrivals: Sequence[tuple[Topic, Any]], cuts: Sequence[int]) -> dict[tuple[Topic, Any], Any]:
    """Play arrivals through all stages in batches of the given sizes; the last version of every record."""
    pipeline, place = Pipeline(), 0
    for size in [*cuts, len(arrivals)]:
        part = arrivals[place : place + size]
        place += size
        for topic in (Topic.DECLARATION_STATUS, Topic.RATING):
            pipeline.take(topic, [record for one, record in part if one is topic])
    for state in dict.fromkeys(pipeline.states.values()):
        pipeline.spread(state.advance(WRITTEN_AT))
    return pipeline.last


def identity(record: Any) -> tuple[Any, ...]:
    """Natural key of an output record."""
    names = ("fact_id", "complaint_id", "alert_id", "target", "office", "target_id", "window_end", "pane_start")
    return tuple(getattr(record, name, None) for name in names)


def records_of(last: dict[tuple[Topic, Any], Any], topic: Topic) -> list[Any]:
    """Records of one topic."""
    return [record for (one, _key), record in last.items() if one is topic]


def crc(record: Any, topic: Topic) -> int:
    """Checksum of the body, without the frame."""
    return zlib.crc32(value_of(record, topic)[5:])


@given(
    events=st.lists(statuses(), max_size=14),
    sheets=st.lists(ratings(), min_size=1, max_size=8),
    cuts=st.lists(st.integers(1, 6), max_size=10),
    order=st.randoms(use_true_random=False),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_arrival_gives_what_the_batch_computation_gives(
    events: list[DeclarationStatus], sheets: list[Rating], cuts: list[int], order: Any
) -> None:
    """Facts, complaints, windows and counts equal the oracle's for shuffled, repeated and edited events."""
    arrivals: list[tuple[Topic, Any]] = [(Topic.DECLARATION_STATUS, one) for one in events]
    arrivals += [(Topic.RATING, one) for one in sheets]
    arrivals += order.choices(arrivals, k=len(arrivals) // 4)
    order.shuffle(arrivals)
    last = run(arrivals, cuts)
    oracle = Oracle(
        [(one, crc(one, topic)) for topic, one in arrivals if topic is Topic.DECLARATION_STATUS],
        [(one, crc(one, topic)) for topic, one in arrivals if topic is Topic.RATING],
    )
    try:
        compare_facts(last, oracle)
        compare_complaints(last, oracle)
        compare_windows(last, oracle)
        compare_counts(last, oracle)
    finally:
        oracle.close()


FACT_FIELDS = (
    *("sheet_id", "target", "office", "target_id", "state", "revision", "submitted_at", "score", "tax_code"),
    *("declaration_office", "declaration_team", "status", "channel", "kind", "status_count", "registered_at"),
    *("permitted_at", "document_minutes", "goods_minutes", "clearance_minutes", "on_time"),
)


def compare_facts(last: dict[tuple[Topic, Any], Any], oracle: Oracle) -> None:
    """Every field of every fact that the oracle computes; absent values are None, "" or 0."""
    facts = records_of(last, Topic.RATED_SERVICE)
    ours = [(one.declaration_no[:11], *(getattr(one, name) or None for name in FACT_FIELDS)) for one in facts]
    rows = oracle.rows("SELECT * FROM fact")
    theirs = [(row["declaration"], *(row[name] or None for name in FACT_FIELDS)) for row in rows]
    assert sorted(ours, key=repr) == sorted(theirs, key=repr)


def compare_complaints(last: dict[tuple[Topic, Any], Any], oracle: Oracle) -> None:
    """Which complaints there are, since when, and in what state."""
    ours = {
        (one.declaration_no[:11], one.sheet_id, one.office, one.opened_at, one.state, one.lowest_score)
        for one in records_of(last, Topic.COMPLAINT)
    }
    theirs = {
        tuple(row.values())
        for row in oracle.rows("SELECT declaration, sheet_id, office, opened_at, state, lowest_score FROM complaint")
    }
    assert ours == theirs
    calendar = load_calendar()
    for one in records_of(last, Topic.COMPLAINT):
        assert one.resolve_deadline_at == calendar.add_working_days(one.opened_at, 15)


def compare_windows(last: dict[tuple[Topic, Any], Any], oracle: Oracle) -> None:
    """Every window of every pane that holds a score."""
    windows = {"pane": 300_000, "hour": HOUR, "day": 24 * HOUR, "week": 168 * HOUR, "month": 720 * HOUR}
    ours = {
        (one.target, one.office, one.target_id, one.window_end, length, *getattr(one, name))
        for one in records_of(last, Topic.SATISFACTION)
        if any(one.pane)
        for name, length in windows.items()
    }
    assert ours == {tuple(row.values()) for row in oracle.rows("SELECT * FROM satisfaction")}


def compare_counts(last: dict[tuple[Topic, Any], Any], oracle: Oracle) -> None:
    """Opinions and dissatisfied ones of every office and pane."""
    ours = {
        (one.office, one.pane_start, one.opinions, one.dissatisfied)
        for one in records_of(last, Topic.OFFICE_COUNT)
        if one.opinions
    }
    assert ours == {tuple(row.values()) for row in oracle.rows("SELECT * FROM office_count")}
