"""A history of months or years in small: what publishers of old events send, with all that goes wrong in it."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from schemas.codec.wire import HEADER_BYTES
from schemas.records.events import DeclarationStatus, Rating
from schemas.topics import DAY_MS, Topic
from support.arrival_orders import Order, arranged
from support.events import at, item, rating, status, value_of
from support.oracle import Oracle

BEGIN = at("2020-04-01 08:00")
IMPORTED_AT = at("2022-12-01 08:00")
"""When all of it is written to Kafka: after the longest history."""
DONE_AT = IMPORTED_AT + 3_600_000
"""When nothing waits any more, by the clock of a worker."""
MONTH_MS = 30 * DAY_MS

_HOUR_MS = DAY_MS // 24
_MINUTE_MS = 60_000
_OFFICES = ("03CC", "03EE", "02CI")
_BAD_DAYS = 75
"""Days from one day of many complaints to the next."""
_COMPLAINTS = 9

Arrival = tuple[Topic, Any]


@dataclass(frozen=True)
class LongHistory:
    """Every event of a history, in order of the declarations.

    Attributes:
        statuses: Statuses, some twice.
        ratings: Sheets: most are sent an hour after the registration, and some are sent again a year later. A few are
            about declarations without any status, and a few were sent before the first one.
    """

    statuses: tuple[DeclarationStatus, ...]
    ratings: tuple[Rating, ...]

    def arrivals(self, order: Order, seed: int = 1) -> list[Arrival]:
        """The events in an order of arrival."""
        events = [*self.statuses, *self.ratings]
        times = [one.occurred_at for one in self.statuses] + [one.submitted_at for one in self.ratings]
        is_rating = np.arange(len(events)) >= len(self.statuses)
        topics = [Topic.DECLARATION_STATUS] * len(self.statuses) + [Topic.RATING] * len(self.ratings)
        places = arranged(np.array(times, np.int64), is_rating, order, seed)
        return [(topics[place], events[place]) for place in places.tolist()]

    def oracle(self) -> Oracle:
        """What the events imply."""
        return Oracle(
            [(one, _checksum(one, Topic.DECLARATION_STATUS)) for one in self.statuses],
            [(one, _checksum(one, Topic.RATING)) for one in self.ratings],
        )


def long_history(months: int, seed: int = 1, *, hours: int = 48) -> LongHistory:
    """A history of so many months, with a declaration every so many hours and, now and then, a bad day at an office."""
    dice = random.Random(seed)
    end = BEGIN + months * MONTH_MS
    statuses: list[DeclarationStatus] = []
    ratings: list[Rating] = []
    for number, (begun_at, bad) in enumerate(_begun(dice, end, hours)):
        declaration = f"10{number:09d}0"
        office, tax_code = ("03CC" if bad else dice.choice(_OFFICES)), f"02{number % 97:08d}"
        if dice.random() > 0.03 or bad:
            life = list(_life(dice, declaration, begun_at, office, tax_code))
            statuses += [*life, *(one for one in life if dice.random() < 0.05)]
        ratings += _sheets(dice, declaration, begun_at, office, end, bad=bad)
    return LongHistory(tuple(statuses), tuple(ratings))


def _begun(dice: random.Random, end: int, hours: int) -> Iterator[tuple[int, bool]]:
    """When declarations are registered, and whether it is one that is rated badly."""
    for begun_at in range(BEGIN, end, hours * _HOUR_MS):
        yield begun_at + dice.randrange(60) * _MINUTE_MS + dice.randrange(1000), False
    for day in range(BEGIN + 40 * DAY_MS, end, _BAD_DAYS * DAY_MS):
        for _number in range(_COMPLAINTS):
            yield day + dice.randrange(6 * 60) * _MINUTE_MS, True


def _life(
    dice: random.Random, declaration: str, begun_at: int, office: str, tax_code: str
) -> Iterator[DeclarationStatus]:
    channel = dice.choice(("GREEN", "GREEN", "YELLOW", "RED"))
    checked = ("DOCUMENTS_CHECKED",) if channel != "GREEN" else ()
    known = {"office": office, "tax_code": tax_code, "kind": "A11", "declaration_no": declaration}
    occurred_at = begun_at
    for step, name in enumerate(("REGISTERED", "CHANNEL_ASSIGNED", *checked, "CLEARED")):
        after = {"channel": channel, "team": "01"} if step else {}
        yield status(f"{declaration}-{step}", name, occurred_at, **known, **after)
        occurred_at += dice.randrange(1, 1500 if step else 40) * _MINUTE_MS


def _sheets(
    dice: random.Random, declaration: str, begun_at: int, office: str, end: int, *, bad: bool
) -> Iterator[Rating]:
    submitted_at = begun_at + _HOUR_MS
    if not bad:
        submitted_at += dice.choice((0, 0, dice.randrange(5 * DAY_MS), -2 * _HOUR_MS if dice.random() < 0.1 else 0))
    for revision in range(1, 3 if dice.random() < 0.06 else 2):
        score = 1 if bad else dice.choices((1, 2, 3, 4, 5), (1, 1, 3, 25, 70))[0]
        items = (item("OFFICE", office, score, office=office), item("STEP", "DOCUMENT_CHECK", score, office=office))
        yield rating(f"s-{declaration}", revision, submitted_at, *items, declaration_no=declaration)
        submitted_at += dice.randrange(200, 700) * DAY_MS
        if submitted_at > end:
            return


def _checksum(record: Any, topic: Topic) -> int:
    """Checksum of the encoded body."""
    return zlib.crc32(value_of(record, topic)[HEADER_BYTES:])
