"""Offices that the reference data does not have: their events are sent, and the report names them."""

from __future__ import annotations

import json
from typing import Any

from producers.files.unknown_offices import MOST_CODES, OTHERS, UnknownOffices
from schemas.reference.offices import load_offices
from schemas.reference.site.reference import parse_site
from schemas.topics import Topic

STATUS = {
    "event_id": "e1",
    "declaration_no": "103000000010",
    "status": "REGISTERED",
    "occurred_at": "2020-05-04T08:30:00+07:00",
    "office": "SPSP",
}
ITEM = {"target": "STEP", "office": "SPSP", "target_id": "DOCUMENT_CHECK", "score": 2}
RATING = {
    "sheet_id": "s1",
    "revision": 1,
    "declaration_no": "103000000010",
    "submitted_at": "2020-08-04T01:30:00Z",
    "phase": "AFTER_CLEARANCE",
    "items": [ITEM, {**ITEM, "target_id": "GOODS_INSPECTION"}, {**ITEM, "office": "10BD"}, {**ITEM, "office": "03CC"}],
}
OWN = """
[[office]]
code = "SPSP"
name_vi = "São Paulo"
valid_from = 2016-01-01
valid_to = 2020-06-01
confidence = "U"
source = "test"
"""


def test_events_of_unknown_offices_are_sent_and_counted(outbox: Any) -> None:
    """Each event counts once for each office that is unknown at its time: invented, or ended before."""
    events = outbox.file("a.jsonl", f"{json.dumps(STATUS)}\n{json.dumps(RATING)}\n")
    report = outbox.publish(events)
    assert report.clean
    assert len(outbox.sent) == 2
    assert report.unknown_offices == {"SPSP": 2, "10BD": 1}


def test_offices_of_a_site_are_known_in_their_time(outbox: Any) -> None:
    """An office that the site's own file adds is unknown only outside its dates."""
    events = outbox.file("a.jsonl", f"{json.dumps(STATUS)}\n{json.dumps(RATING)}\n")
    report = outbox.publish(events, offices=parse_site("site.toml", OWN).offices)
    assert report.unknown_offices == {"SPSP": 1, "10BD": 1}


def test_a_rejected_event_names_no_office(outbox: Any) -> None:
    """What is not sent is not counted."""
    report = outbox.publish(outbox.file("a.jsonl", json.dumps({**STATUS, "status": "DANCING"}) + "\n"))
    assert (report.rejected, report.unknown_offices) == (1, {})


def test_a_flood_of_codes_is_counted_together() -> None:
    """Memory is bounded however many codes a file invents, and no event is left out of the sum."""
    unknown = UnknownOffices(load_offices())
    for number in range(2 * MOST_CODES):
        unknown.look_at(Topic.DECLARATION_STATUS, {"office": f"Q{number:04d}", "occurred_at": 1_600_000_000_000})
    assert len(unknown.events) == MOST_CODES + 1
    assert sum(unknown.events.values()) == 2 * MOST_CODES
    assert unknown.events[OTHERS] == MOST_CODES
