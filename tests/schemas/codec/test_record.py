"""Encoders of single records; `tests/schemas/test_every_field.py` reads back what they write."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.codec.record import record_encoder
from schemas.errors import PoisonRecord, Reason
from schemas.records.facts import OfficeCount


def test_what_does_not_fit_is_refused() -> None:
    """A value of another type, out of range or too large is refused."""
    good = OfficeCount("03CC", 0, 1, 1, 0, (), {}, {}, ())
    write = record_encoder("office-count")
    assert write(good)
    broken: list[dict[str, Any]] = [
        {"office": None}, {"office": 7}, {"pane_start": 1 << 63}, {"opinions": "1"},
        {"enterprises": None}, {"drivers": {"a": None}}, {"office": "\ud800"},
    ]  # fmt: skip
    for change in broken:
        fields = {name: getattr(good, name) for name in OfficeCount.__slots__} | change
        with pytest.raises(PoisonRecord) as refusal:
            write(OfficeCount(**fields))
        assert refusal.value.reason is Reason.BAD_FIELD, change
    with pytest.raises(PoisonRecord) as refusal:
        write(OfficeCount("03CC", 0, 1, 1, 0, ("x" * 1000,) * 2000, {}, {}, ()))
    assert refusal.value.reason is Reason.TOO_LARGE
