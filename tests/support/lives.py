"""Random lives of declarations: any statuses in any order."""

from __future__ import annotations

import random
from collections.abc import Sequence

from schemas.records.events import DeclarationStatus, Status
from support.events import at, status
from support.scores import OVERTIME_OFFICE

HOUR = 3_600_000
BEGIN = at("2020-04-28 07:00")
SPAN = 170 * HOUR
"""How long after `BEGIN` a life may go on."""

_TURNS = (
    *(*("CHANNEL_ASSIGNED",) * 6, *("INSPECTION_REQUIRED",) * 4, "INSPECTION_WITHDRAWN", "GOODS_INSPECTED"),
    *("CUSTOMS_INSTRUCTION", "AMENDED_BY_DECLARANT", "STORAGE_PERMITTED"),
)
_LAST_TURNS = ("DOCUMENTS_CHECKED", "RELEASED", "CLEARED", "CANCELLED")
_WORDS = (_TURNS, (*_TURNS, *_LAST_TURNS), (*_TURNS, *_LAST_TURNS), tuple(one.value for one in Status))
"""What lives are made of: half of them of all statuses that steps know."""


def lives(chance: random.Random, numbers: Sequence[int]) -> list[DeclarationStatus]:
    """Any statuses in any order, repeated ones and other contents of one event included.

    There are few instants, so that statuses often happen at the same one: some times of a day on seven days, of which a
    weekend and two holidays are no working days.
    """
    instants = [BEGIN + day * 24 * HOUR + turn * 151 * 61_000 for day in range(7) for turn in range(4)]
    names = {number: chance.choices(chance.choice(_WORDS), k=chance.randrange(14)) for number in numbers}
    events = [
        status(
            str(chance.randrange(40)),
            name,
            chance.choice(instants),
            declaration_no=f"{number}0",
            office=chance.choice(("03CC", OVERTIME_OFFICE)),
            channel=chance.choice((None, "GREEN", "YELLOW", "RED")),
        )
        for number in numbers
        for name in ("REGISTERED", *names[number])
    ]
    events += chance.choices(events, k=len(events) // 10)
    chance.shuffle(events)
    return events
