"""Declared outages."""

from __future__ import annotations

import pytest
from support.events import at

from schemas.reference.errors import ReferenceDataError
from schemas.reference.outages import load_outages, parse_outages

ENTRY = """
[[outage]]
from = 2026-03-01T08:00:00
until = 2026-03-01T12:00:00
offices = ["03CC"]
what = "x"
confidence = "C"
source = "y"
"""


def test_an_outage_covers_its_offices_and_hours() -> None:
    """From its first instant up to its last, at the offices it names; without names at all."""
    (one,) = parse_outages(ENTRY)
    (everywhere,) = parse_outages(ENTRY.replace('offices = ["03CC"]\n', ""))
    inside, after = at("2026-03-01 08:00"), at("2026-03-01 12:00")
    assert [one.covers("03CC", inside), one.covers("03CC", after), one.covers("03EE", inside)] == [True, False, False]
    assert everywhere.covers("03EE", inside)


def test_the_outage_of_august_2024_is_known() -> None:
    """VNACCS was down on 6 and 7 August 2024."""
    assert any(one.covers("03CC", at("2024-08-06 10:00")) for one in load_outages())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("until = 2026-03-01T12:00:00", "until = 2026-03-01T08:00:00", "after from"),
        ("from = 2026-03-01T08:00:00", "from = 2026-03-01T08:00:00Z", "local time"),
        ('what = "x"', 'why = "x"', "unknown why"),
        ('["03CC"]', "[3]", "codes"),
    ],
)
def test_a_wrong_entry_is_named(old: str, new: str, words: str) -> None:
    """A wrong time, order or name says which."""
    with pytest.raises(ReferenceDataError, match=words):
        parse_outages(ENTRY.replace(old, new))
