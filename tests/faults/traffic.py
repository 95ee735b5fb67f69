"""The events of the load: declarations that live side by side, and the sheets that rate them.

Rounds share nothing: each has its own declaration numbers and offices, and so its own facts, complaints, windows and
counts. So a round can be compared while the next one already runs. Event time continues from round to round. It begins
on 4 May 2020: a section lasts hours of event time, and until the end of June there is no holiday.

The mix is difficult on purpose: events out of order, repeated, or edited under the same id; sheets that come before the
statuses of their declaration or whose declaration never appears; several revisions, and two contents of one revision.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

from schemas.records.events import Channel, DeclarationStatus, Phase, Rating, RatingItem, Status, Target

Event = DeclarationStatus | Rating

START_MS = 1_588_554_000_000
"""Monday, 4 May 2020, 08:00 in Hai Phong."""

OFFICES_PER_ROUND = 3
_SECOND = 1000
_MINUTE = 60 * _SECOND
_BIRTH_MS = 1_000
"""Event time between two declarations: at 2,000 events/s event time flows some 200 times as fast as ours."""

_RANGE = 10_000_000
_FIRST_KEY = 30_000_000_000
_UNKNOWN = 5_000_000
"""Numbers from here on are rated but never declared."""

_STEPS = ("REGISTRATION", "DOCUMENT_CHECK", "GOODS_INSPECTION", "RELEASE_DECISION")
_REASONS = ("LATE_GOODS_INSPECTION", "UNCLEAR_GUIDANCE", "SLOW_ANSWER")


@dataclass(frozen=True, slots=True)
class Round:
    """Numbers and offices of one round of a section.

    Attributes:
        number: From 0.
        offices: Its offices, which no other round of the section has.
    """

    number: int
    offices: tuple[str, ...]

    @property
    def first(self) -> int:
        """First declaration key."""
        return _FIRST_KEY + self.number * _RANGE

    @property
    def end(self) -> int:
        """The key after the last."""
        return self.first + _RANGE


def rounds(offices: Sequence[str], seed: int) -> list[Round]:
    """As many rounds as the offices suffice for."""
    drawn = sorted(offices)
    random.Random(seed).shuffle(drawn)
    groups = [drawn[place : place + OFFICES_PER_ROUND] for place in range(0, len(drawn), OFFICES_PER_ROUND)]
    return [Round(number, tuple(group)) for number, group in enumerate(groups) if len(group) == OFFICES_PER_ROUND]


class Traffic:
    """The events of one round, in the order in which they are sent.

    Args:
        of: The round.
        seed: Seed, used together with the number of the round.
        since: Event time at which it begins.

    Attributes:
        now: Event time of the newest declaration.
        rated: Whether new declarations are rated. While they are not, only statuses flow.
    """

    def __init__(self, of: Round, seed: int, since: int) -> None:
        self._round = of
        self._rng = random.Random(seed * 1_000_003 + of.number)
        self._born = count()
        self._order = count()
        self._waiting: list[tuple[int, int, Event]] = []
        self.now = since
        self.rated = False

    def take(self, number: int) -> list[Event]:
        """The next `number` events; declarations are created as needed."""
        ready: list[Event] = []
        while len(ready) < number:
            self._birth()
            while self._waiting and self._waiting[0][0] <= self.now and len(ready) < number:
                ready.append(heapq.heappop(self._waiting)[2])
        return ready

    def rest(self) -> list[Event]:
        """The remaining events of the declarations so far; no more declarations are created."""
        left = [heapq.heappop(self._waiting) for _ in range(len(self._waiting))]
        self.now = max([self.now, *(due for due, _order, _event in left)])
        return [event for _due, _order, event in left]

    def _birth(self) -> None:
        self.now += _BIRTH_MS
        key, rng = self._round.first + next(self._born), self._rng
        history = list(self._history(key))
        for event in history:
            late = rng.randrange(1, 10 * _MINUTE) if rng.random() < 0.05 else 0
            self._send(event.occurred_at + late, event)
        if self.rated and rng.random() < 0.22:
            self._rate(key, history)

    def _send(self, due: int, event: Event) -> None:
        heapq.heappush(self._waiting, (due, next(self._order), event))
        if self._rng.random() < 0.03:
            again = due + self._rng.randrange(10 * _MINUTE)
            heapq.heappush(self._waiting, (again, next(self._order), event))

    def _history(self, key: int) -> Iterator[DeclarationStatus]:
        """The statuses of one declaration, some of them edited."""
        rng, at = self._rng, self.now
        office = self._office(key)
        channel = rng.choices((Channel.GREEN, Channel.YELLOW, Channel.RED), (6, 3, 1))[0]
        event = DeclarationStatus(
            event_id="",
            declaration_no=f"{key}{int(rng.random() < 0.1)}",
            status="",
            occurred_at=at,
            office=office,
            team=rng.choice((None, "00", "01")),
            kind=rng.choice(("A11", "A12", "B11", "E21")),
            tax_code=self._tax_code(),
        )
        for place, name in enumerate(_path(channel)):
            shown = channel if name is Status.CHANNEL_ASSIGNED else None
            official = f"{office}-of{rng.randrange(4)}" if name is Status.OFFICIAL_ASSIGNED else None
            one = replace(
                event, event_id=f"e{place}", status=name.value, occurred_at=at, channel=shown, official=official
            )
            yield one
            if rng.random() < 0.01:
                yield replace(one, occurred_at=at + _SECOND, team="00")  # edited: the same id, another content
            at += rng.randrange(5 * _SECOND, 90 * _SECOND)

    def _rate(self, key: int, history: Sequence[DeclarationStatus]) -> None:
        rng = self._rng
        if rng.random() < 0.05:
            key += _UNKNOWN
        first, last = history[0].occurred_at, history[-1].occurred_at
        submitted_at = rng.randrange(first + _SECOND, last + 5 * _MINUTE)
        sheet = Rating(
            sheet_id=f"s{key}",
            revision=1,
            declaration_no=f"{key}0",
            tax_code=rng.choice((None, history[0].tax_code)),
            submitted_at=submitted_at,
            phase=Phase.DURING_CLEARANCE if submitted_at < last else Phase.AFTER_CLEARANCE,
            items=self._items(key),
            comment=rng.choice((None, "-")),
        )
        # One in ten comes before the first status of its declaration.
        due = first - rng.randrange(10 * _MINUTE) if rng.random() < 0.1 else submitted_at
        self._send(due, sheet)
        while rng.random() < 0.18:
            later = sheet.submitted_at + rng.randrange(_SECOND, 10 * _MINUTE)
            step = 0 if rng.random() < 0.1 else 1  # 0: another content of the same revision
            sheet = replace(sheet, revision=sheet.revision + step, submitted_at=later, items=self._items(key))
            self._send(later - rng.choice((0, 0, 15 * _MINUTE)), sheet)  # revisions overtake each other, too

    def _items(self, key: int) -> tuple[RatingItem, ...]:
        rng, office = self._rng, self._office(key)
        targets = [(Target.OFFICE, office)] if rng.random() < 0.8 else []
        others = [
            (Target.TEAM, rng.choice(("00", "01"))),
            (Target.STEP, rng.choice(_STEPS)),
            (Target.OFFICIAL, f"{office}-of{rng.randrange(4)}"),
        ]
        targets += rng.sample(others, rng.randrange(1, 3) if targets else 1)
        # The first office of a round is a bad one: it raises alerts.
        weights = (3, 6, 9, 30, 52) if office == self._round.offices[0] else (0.5, 1, 4, 30, 64.5)
        items = []
        for target, target_id in targets:
            score = rng.choices((1, 2, 3, 4, 5), weights)[0]
            reason = rng.choice(_REASONS) if score <= 2 else None
            items.append(RatingItem(target.value, office, target_id, score, reason))
        return tuple(items)

    def _office(self, key: int) -> str:
        return self._round.offices[key % len(self._round.offices)]

    def _tax_code(self) -> str:
        return f"02{self._round.number % 1000:03d}{self._rng.randrange(400):05d}"


def _path(channel: Channel) -> list[Status]:
    path = [Status.PRE_REGISTERED, Status.REGISTERED, Status.CHANNEL_ASSIGNED, Status.OFFICIAL_ASSIGNED]
    if channel is not Channel.GREEN:
        path.append(Status.DOCUMENTS_CHECKED)
    if channel is Channel.RED:
        path += [Status.INSPECTION_REQUIRED, Status.GOODS_INSPECTED]
    return [*path, Status.TAX_CONFIRMED, Status.RELEASED, Status.CLEARED, Status.SUPERVISION_PASSED]
