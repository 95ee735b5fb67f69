"""Which fields of a record its tables hold."""

from __future__ import annotations

from dataclasses import fields

from schemas.records.events import Rating, RatingItem
from sinks.clickhouse.mapping.tables import RATING, RATING_ITEM

PRIVATE = {"comment", "contact"}
"""Free text and contacts never reach ClickHouse: the table says only whether they exist."""


def test_every_field_of_a_rating_is_stored_unless_it_is_private() -> None:
    """A field that is added to the rating has a column, or is named here as private."""
    assert {field.name for field in fields(Rating)} - {"items"} - PRIVATE <= set(RATING.columns)
    assert {field.name for field in fields(RatingItem)} <= set(RATING_ITEM.columns)
