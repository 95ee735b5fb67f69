"""The input of every contender: status events and rating sheets in a realistic order of arrival.

Each declaration has eight statuses within two working days. A share of the declarations is rated, with four targets on
a sheet; one sheet in twenty has a second revision. One event in fifty is late, one in a hundred is duplicated: a
contender that relies on order or uniqueness writes different facts than the oracle.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.codec.record import encoder
from schemas.codec.wire import HEADER_BYTES
from schemas.keys import declaration_key
from schemas.records.events import DeclarationStatus, Rating, RatingItem
from schemas.topics import Topic

OFFICES = ("02CI", "03CC", "03CD", "03CE", "03EE", "03PA", "03TG", "15BB", "18A3")
LIFE = (
    *("PRE_REGISTERED", "REGISTERED", "CHANNEL_ASSIGNED", "OFFICIAL_ASSIGNED", "DOCUMENTS_CHECKED"),
    *("TAX_CONFIRMED", "CLEARED", "SUPERVISION_PASSED"),
)
_CLEARED = LIFE.index("CLEARED")
_START_MS = 1_585_789_200_000  # 2 April 2020, 08:00 in Viet Nam
_SPAN_MS = 50 * 86_400_000
_MINUTE_MS = 60_000


@dataclass(slots=True)
class Work:
    """Input of a run, in the order of sending.

    Attributes:
        events: Topic, key, value.
        statuses: Number of status events.
        accepted_statuses: Status records of rated declarations with the checksums of their bodies, for the oracle.
        accepted_ratings: Rating records with the checksums of their bodies, for the oracle.
    """

    events: list[tuple[Topic, bytes, bytes]] = field(default_factory=list)
    statuses: int = 0
    accepted_statuses: list[tuple[DeclarationStatus, int]] = field(default_factory=list)
    accepted_ratings: list[tuple[Rating, int]] = field(default_factory=list)


def work(declarations: int, rated: float, seed: int = 1) -> Work:
    """Generate the input.

    Args:
        declarations: Number of declarations.
        rated: Share of declarations that are rated.
        seed: Seed of all random numbers.
    """
    dice = random.Random(seed)
    write_status, write_rating = encoder(Topic.DECLARATION_STATUS.subject), encoder(Topic.RATING.subject)
    timed: list[tuple[int, int, Topic, bytes, bytes]] = []
    made = Work()
    for number in range(declarations):
        is_rated = dice.random() < rated
        declaration = f"10{number:09d}0"
        key = declaration_key(declaration)
        history = list(_history(dice, declaration, number, declarations))
        for record in history:
            value = write_status(record.to_avro())
            if is_rated:
                made.accepted_statuses.append((record, zlib.crc32(value[HEADER_BYTES:])))
            for at in _arrivals(dice, record.occurred_at):
                timed.append((at, len(timed), Topic.DECLARATION_STATUS, key, value))
                made.statuses += 1
        if is_rated:
            for sheet in _sheets(dice, declaration, history[_CLEARED]):
                value = write_rating(sheet.to_avro())
                made.accepted_ratings.append((sheet, zlib.crc32(value[HEADER_BYTES:])))
                timed.extend((at, len(timed), Topic.RATING, key, value) for at in _arrivals(dice, sheet.submitted_at))
    timed.sort(key=lambda event: event[:2])
    made.events = [(topic, key, value) for _at, _number, topic, key, value in timed]
    return made


ENDING_MARK = b"s-3"
"""Only the sheet ids of last declarations start with it."""


def ending(number: int) -> tuple[list[tuple[Topic, bytes, bytes]], str]:
    """A rated declaration to be sent after all others, and the id of its sheet.

    When a matched fact of it appears, everything before it on its partition of both topics is processed.
    """
    dice = random.Random(number)
    declaration = f"3{number:010d}0"
    key = declaration_key(declaration)
    history = list(_history(dice, declaration, 1, 1))
    (sheet, *_more) = _sheets(dice, declaration, history[_CLEARED])
    encoded = [encoder(Topic.DECLARATION_STATUS.subject)(record.to_avro()) for record in history]
    events = [(Topic.DECLARATION_STATUS, key, value) for value in encoded]
    return [*events, (Topic.RATING, key, encoder(Topic.RATING.subject)(sheet.to_avro()))], sheet.sheet_id


def _history(dice: random.Random, declaration: str, number: int, of: int) -> Iterator[DeclarationStatus]:
    at = _START_MS + number * _SPAN_MS // of
    office, team = dice.choice(OFFICES), f"{dice.randrange(1, 6):02d}"
    tax_code = f"02{dice.randrange(5000):08d}"
    channel, kind = dice.choice(("GREEN", "GREEN", "YELLOW", "RED")), dice.choice(("A11", "A12", "B11", "E21", "E31"))
    for step, status in enumerate(LIFE):
        at += dice.randrange(1, 300) * _MINUTE_MS
        known = step >= LIFE.index("CHANNEL_ASSIGNED")
        yield DeclarationStatus(
            event_id=f"{declaration}-{step}",
            declaration_no=declaration,
            status=status,
            occurred_at=at,
            office=office,
            team=team if known else None,
            channel=channel if known else None,
            kind=kind,
            tax_code=tax_code,
        )


def _sheets(dice: random.Random, declaration: str, cleared: DeclarationStatus) -> Iterator[Rating]:
    at = cleared.occurred_at
    for revision in range(1, 3 if dice.random() < 0.05 else 2):
        at += dice.randrange(1, 2000) * _MINUTE_MS
        score = dice.choices((1, 2, 3, 4, 5), (1, 1, 4, 24, 70))[0]
        targets = (
            ("OFFICE", cleared.office),
            ("TEAM", cleared.team or "01"),
            ("STEP", "DOCUMENT_CHECK"),
            ("OFFICIAL", f"o{dice.randrange(400)}"),
        )
        items = tuple(RatingItem(target, cleared.office, name, score) for target, name in targets)
        yield Rating(f"s-{declaration}", revision, declaration, None, at, "AFTER_CLEARANCE", items)


def _arrivals(dice: random.Random, at: int) -> Iterator[int]:
    """Draw when an event arrives: at once, hours late, or twice."""
    chance = dice.random()
    yield at + (dice.randrange(6 * 60) * _MINUTE_MS if chance < 0.02 else 0)
    if chance > 0.99:
        yield at + dice.randrange(60) * _MINUTE_MS
