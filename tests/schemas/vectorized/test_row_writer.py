"""Records written from columns."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec.record import encoder
from schemas.records.events import Phase, Target
from schemas.records.facts import Allegation, MatchState, Standing, UnmatchedReason
from schemas.topics import Topic
from schemas.vectorized import row_writer
from schemas.vectorized.kernels.rows import ABSENT
from schemas.vectorized.kernels.texts import Strings
from schemas.vectorized.row_writer import RowWriter
from schemas.vectorized.string_dictionary import StringInterner

SUBJECT = Topic.RATED_SERVICE.subject
LONG = st.integers(-(1 << 63) + 1, (1 << 63) - 1) | st.integers(-70, 70)
INT = st.integers(-(1 << 31), (1 << 31) - 1)
KEPT = st.text(st.characters(max_codepoint=127), max_size=70)
ENUMS: dict[str, Any] = {"state": MatchState, "phase": Phase, "target": Target, "standing": Standing}
NULLABLE_ENUMS: dict[str, Any] = {"unmatched_reason": UnmatchedReason}
TEXTS = ("fact_id", "sheet_id", "declaration_no", "office", "target_id")
NULLABLE_TEXTS = ("reason", "tax_code", "declaration_office", "declaration_team", "status", "channel", "kind")
ALLEGATIONS = [one.value for one in Allegation]
FLAGS = ("target_known", "has_comment", "has_contact", "counts")


def sorted_by_place(kinds: list[str]) -> list[str]:
    """In the order in which a bit set gives them."""
    return sorted(kinds, key=ALLEGATIONS.index)


facts = st.fixed_dictionaries(
    {
        **{name: st.sampled_from([one.value for one in kind]) for name, kind in ENUMS.items()},
        **{name: st.none() | st.sampled_from([one.value for one in kind]) for name, kind in NULLABLE_ENUMS.items()},
        **dict.fromkeys(TEXTS, KEPT),
        **dict.fromkeys(NULLABLE_TEXTS, st.none() | KEPT),
        **dict.fromkeys(FLAGS, st.booleans()),
        **dict.fromkeys(("version", "submitted_at"), LONG),
        **dict.fromkeys(("revision", "score", "status_count"), INT),
        **dict.fromkeys(("registered_at", "permitted_at", "content_since"), st.none() | LONG),
        **dict.fromkeys(("document_minutes", "goods_minutes", "clearance_minutes"), st.none() | INT),
        "allegations": st.lists(st.sampled_from(ALLEGATIONS), unique=True).map(sorted_by_place),
        "score_since": st.lists(LONG, min_size=5, max_size=5),
        "on_time": st.none() | st.booleans(),
    }
)


@settings(max_examples=100, deadline=None)
@given(records=st.lists(facts, min_size=1, max_size=6), room=st.sampled_from([1, 700, 1 << 20]), fresh=st.booleans())
def test_rows_are_what_the_encoder_writes(records: list[dict[str, Any]], room: int, *, fresh: bool) -> None:
    """Numbers of any size, absent values, kept and fresh texts, and any room: byte for byte the encoder's records."""
    store, own = StringInterner(), list[str]()

    def number(text: str) -> int:
        if not fresh:
            return store.intern(text)
        own.append(text)
        return -len(own)

    def value(name: str, one: Any) -> Any:
        if one is None:
            return ABSENT
        if name == "allegations":
            return sum(1 << ALLEGATIONS.index(kind) for kind in one)
        if kind := (ENUMS | NULLABLE_ENUMS).get(name):
            return list(kind).index(one)
        return number(one) if isinstance(one, str) else one

    columns = {name: np.array([value(name, one[name]) for one in records], np.int64) for name in records[0]}
    before, row_writer._LEAST_ROOM = row_writer._LEAST_ROOM, room
    try:
        writer = RowWriter(SUBJECT, {"score_since": 5})
    finally:
        row_writer._LEAST_ROOM = before
    write = encoder(SUBJECT)
    assert writer.write_records(len(records), columns, store.strings, Strings.of(own)) == [
        write(one) for one in records
    ]


def test_kept_texts_have_one_number_each() -> None:
    """A text that comes again has its number; texts of a batch stand behind others without changing theirs."""
    store = StringInterner()
    numbers = [store.intern(text) for text in ("a", "", "bc", "a")]
    assert numbers == [0, 1, 2, 0]
    assert store.strings.data.tobytes() == b"abc"
    assert store.intern("d") == 3
    both = store.strings.and_then(Strings.of(["xy", "z"]))
    assert [both.data[first:end].tobytes() for first, end in pairwise(both.offsets)] == [
        b"a",
        b"",
        b"bc",
        b"d",
        b"xy",
        b"z",
    ]
