"""The bulk encoder writes what the codec writes."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.simulator.bulk_encoding import TEXT_FIELDS, StatusColumns, TextTable, encode_statuses
from schemas.codec.record import encoder
from schemas.records import DeclarationStatus, Status

TEXTS = st.text(max_size=80)


@st.composite
def records(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Status records with arbitrary texts and times, whose ids are equally long."""
    width = draw(st.integers(1, 100))
    ids = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=width, max_size=width)
    record = st.builds(
        DeclarationStatus,
        event_id=ids,
        declaration_no=st.from_regex(r"[0-9]{12}", fullmatch=True),
        status=st.sampled_from(list(Status)),
        occurred_at=st.integers(-(2**63), 2**63 - 1),
        office=TEXTS,
        **{name: st.none() | TEXTS for name in TEXT_FIELDS if name != "office"},
    )
    return [record.to_avro() for record in draw(st.lists(record, min_size=1, max_size=8))]


def characters(texts: list[str]) -> np.ndarray:
    """Equally long ASCII texts as a byte matrix."""
    return np.array([list(text.encode()) for text in texts], dtype=np.uint8)


@given(records())
def test_bulk_encoding_is_byte_identical_to_the_codec(rows: list[dict[str, Any]]) -> None:
    """Any run of records gives the bytes that the codec gives one by one."""
    texts = []
    for name in TEXT_FIELDS:
        values = [row[name] for row in rows]
        table = TextTable(name, dict.fromkeys(values))
        texts.append((table, np.array([table.code(value) for value in values])))
    columns = StatusColumns(
        event_id=characters([row["event_id"] for row in rows]),
        declaration_no=characters([row["declaration_no"] for row in rows]),
        status=np.array([list(Status).index(row["status"]) for row in rows]),
        occurred_at=np.array([row["occurred_at"] for row in rows], dtype=np.int64),
        texts=texts,
    )
    encode = encoder("declaration-status")
    assert encode_statuses(columns) == [encode(row) for row in rows]


def test_a_required_text_refuses_null() -> None:
    """A null office is refused when its table is made."""
    with pytest.raises(ValueError, match="office cannot be null"):
        TextTable("office", [None])
