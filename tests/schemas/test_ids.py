"""Deterministic ids."""

from __future__ import annotations

from uuid import uuid5

from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import ROOT, case_event_id, complaint_id

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(texts, texts, texts)
def test_ids_are_those_of_the_standard_library(declaration: str, sheet: str, office: str) -> None:
    """Our quicker UUIDv5 is `uuid.uuid5` of the parts with the separator between."""
    expected = uuid5(ROOT, f"complaint\x1f{declaration}\x1f{sheet}\x1f{office}")
    assert complaint_id(declaration, sheet, office) == str(expected)


def test_parts_may_be_numbers() -> None:
    """A number stands in an id as its decimal digits."""
    assert case_event_id("c", "REMINDER", 5) == case_event_id("c", "REMINDER", "5")
