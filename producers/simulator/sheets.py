"""The rating sheets themselves: targets, scores, reasons, revisions, comments, contacts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from numpy.random import Generator

from producers.simulator import words
from producers.simulator.clock import END_MS, MAY_6_END_MS, VERSION_2_MS
from producers.simulator.declarations import Declarations
from producers.simulator.draws import MINUTE_MS
from producers.simulator.enterprises import Enterprises
from producers.simulator.events import SimulatedOutcomes
from producers.simulator.profiles import OFFICE_CODES, TEAM_CODES
from producers.simulator.staff import Staff
from producers.simulator.visits import UNKNOWN, Visits
from schemas.records import Phase, Rating, RatingItem, Target

Seal = Callable[[str, str, str], bytes]
"""Seals a contact: sheet id, name, phone to ciphertext."""

_FIRST_UNKNOWN = 10_599_000_000
"""Numbers of declarations that never appear; far above all that are issued."""

_NEUTRAL, _SATISFIED = 3, 4


@dataclass(frozen=True, slots=True)
class World:
    """What the sheets speak about."""

    declarations: Declarations
    outcomes: SimulatedOutcomes
    enterprises: Enterprises
    staff: Staff


class Dice:
    """Whole numbers from a stream, drawn in bulk and handed out one by one."""

    def __init__(self, rng: Generator) -> None:
        self._rng = rng
        self._numbers: Iterator[int] = iter(())

    def upto(self, sides: int) -> int:
        """A number from 0 to `sides` - 1; sides may be up to a thousand or so."""
        number = next(self._numbers, None)
        if number is None:
            self._numbers = iter(self._rng.integers(0, 1 << 31, 4096).tolist())
            number = next(self._numbers)
        return number % sides

    def percent(self, share: int) -> bool:
        """True that many times in a hundred."""
        return self.upto(100) < share

    def pick(self, values: Sequence[str]) -> str:
        """One of them."""
        return values[self.upto(len(values))]


def make_ratings(rng: Generator, visits: Visits, world: World, seal: Seal | None) -> list[list[Rating]]:
    """The revisions of every sheet, in order of their numbers."""
    dice = Dice(rng)
    sheets = []
    low_firsts = 0
    for index in range(len(visits)):
        latest = _latest(dice, index, visits, world, seal)
        earlier_low = visits.level[index] == _NEUTRAL and index % 3 == 0 and low_firsts < 6
        low_firsts += int(earlier_low)
        sheets.append(_revisions(dice, latest, spike=bool(visits.spike[index]), earlier_low=bool(earlier_low)))
    return sheets


def _latest(dice: Dice, index: int, visits: Visits, world: World, seal: Seal | None) -> Rating:
    """The sheet as it stands in the end, dated when it was first sent."""
    row, level = int(visits.declaration[index]), int(visits.level[index])
    office, submitted_at = OFFICE_CODES[int(visits.office[index])], int(visits.submitted_at[index])
    sheet_id = f"hp2020-{index + 1:06d}"
    second_version = submitted_at >= VERSION_2_MS
    if visits.spike[index]:
        targets = [(Target.STEP, "GOODS_INSPECTION"), (Target.TEAM, "01"), (Target.OFFICE, office)][: 2 + index % 2]
    else:
        targets = _targets(dice, row, office, submitted_at, world, second_version=second_version)
    comment = contact = None
    if second_version:
        low = level <= _NEUTRAL
        if dice.percent(75 if low else 12):
            comment = dice.pick(words.BAD_COMMENTS if low else words.GOOD_COMMENTS)
        if seal is not None and dice.percent(60 if low else 8):
            name = f"{dice.pick(words.FAMILY_NAMES)} {dice.pick(words.GIVEN_NAMES)}"
            contact = seal(sheet_id, name, words.phone(dice.upto(1_000_000)))
    return Rating(
        sheet_id=sheet_id,
        revision=1,
        declaration_no=_number(index, row, submitted_at, world),
        tax_code=None if row == UNKNOWN else world.enterprises.tax_codes[int(world.declarations.enterprise[row])],
        submitted_at=submitted_at,
        phase=Phase.DURING_CLEARANCE if visits.during[index] else Phase.AFTER_CLEARANCE,
        items=_items(dice, office, targets, level, spike=bool(visits.spike[index])),
        comment=comment,
        contact=contact,
    )


def _number(index: int, row: int, submitted_at: int, world: World) -> str:
    if row == UNKNOWN:
        return f"{_FIRST_UNKNOWN + index * 7}0"
    # The client shows the number of the last amendment, whichever the sheet is about: the join must not care.
    finished = submitted_at >= world.outcomes.permitted_at[row]
    return f"{world.declarations.number[row]}{world.outcomes.amendments[row] if finished else 0}"


def _targets(
    dice: Dice, row: int, office: str, submitted_at: int, world: World, *, second_version: bool
) -> list[tuple[Target, str]]:
    """What the sheet rates: one or few targets at first, several officials and steps since version 2.0."""
    candidates = [(Target.OFFICE, office)]
    if row != UNKNOWN:
        candidates += _known_targets(row, submitted_at, world)
    wanted = 1 + dice.upto(6) if second_version else (1, 1, 1, 1, 1, 1, 2, 2, 2, 3)[dice.upto(10)]
    first = [] if dice.percent(15) and len(candidates) > 1 else [candidates[0]]
    others = candidates[1:]
    while others and len(first) < wanted:
        first.append(others.pop(dice.upto(len(others))))
    return first or [candidates[0]]


def _known_targets(row: int, submitted_at: int, world: World) -> list[tuple[Target, str]]:
    declarations, outcomes = world.declarations, world.outcomes
    officials = [world.staff.ids[int(declarations.official[row])]]
    steps = ["REGISTRATION"]
    if outcomes.documents[row]:
        steps.append("DOCUMENT_CHECK")
    if submitted_at >= outcomes.permitted_at[row]:
        steps += ["TAX_PAYMENT", "RELEASE_DECISION"]
        if outcomes.inspected[row]:
            steps.append("GOODS_INSPECTION")
            officials.append(world.staff.ids[int(declarations.inspector[row])])
    if submitted_at >= outcomes.supervised_at[row]:
        steps.append("SUPERVISION")
    team = TEAM_CODES[int(declarations.team[row])]
    people = [(Target.OFFICIAL, official) for official in dict.fromkeys(officials) if official is not None]
    return [(Target.TEAM, team), *people, *((Target.STEP, step) for step in steps)]


def _items(
    dice: Dice, office: str, targets: Sequence[tuple[Target, str]], level: int, *, spike: bool
) -> tuple[RatingItem, ...]:
    """Scores whose lowest is the level; a low sheet is low for one target, in the spike for all."""
    lowest = dice.upto(len(targets))
    items = []
    for place, (target, target_id) in enumerate(targets):
        if spike:
            score = level if place == 0 else min(2, level + dice.upto(2))
        else:
            score = level if place == lowest else min(5, max(level, _SATISFIED) + dice.upto(2))
        items.append(_item(dice, target, office, target_id, score, spike=spike))
    return tuple(items)


def _item(dice: Dice, target: Target, office: str, target_id: str, score: int, *, spike: bool = False) -> RatingItem:
    reason = None
    if spike:
        reason = "LATE_GOODS_INSPECTION"
    elif score < _NEUTRAL or (score == _NEUTRAL and dice.percent(50)):
        reason = dice.pick(words.REASONS.get(target_id, words.OTHER_REASONS))
    return RatingItem(target, office, target_id, score, reason)


def _revisions(dice: Dice, latest: Rating, *, spike: bool, earlier_low: bool) -> list[Rating]:
    """The sheet and, if it was edited, what it said before; edits never cross the two dates that are counted at."""
    edits = 1 if earlier_low else (0 if spike else (1 if dice.percent(4) else 0) + (1 if dice.upto(1000) < 8 else 0))
    gaps = [(3 + dice.upto(600)) * MINUTE_MS for _ in range(edits)]
    limit = MAY_6_END_MS if latest.submitted_at < MAY_6_END_MS else END_MS
    if latest.submitted_at + sum(gaps) >= limit:
        gaps = []
    revisions, at = [], latest.submitted_at
    for number, gap in enumerate(gaps, start=1):
        items = _before_edit(dice, latest.items, earlier_low=earlier_low)
        revisions.append(replace(latest, revision=number, submitted_at=at, items=items, comment=None))
        at += gap
    revisions.append(replace(latest, revision=len(gaps) + 1, submitted_at=at))
    return revisions


def _before_edit(dice: Dice, items: tuple[RatingItem, ...], *, earlier_low: bool) -> tuple[RatingItem, ...]:
    """What an earlier revision held: other scores, and sometimes one target more that was dropped later."""
    before = []
    for item in items:
        score = (2 if item.score == _NEUTRAL else item.score) if earlier_low else _SATISFIED + dice.upto(2)
        before.append(_item(dice, Target(item.target), item.office, item.target_id, score))
    targets = {item.target for item in items}
    if Target.TEAM not in targets and dice.percent(40):
        before.append(_item(dice, Target.TEAM, items[0].office, "00", _SATISFIED + dice.upto(2)))
    return tuple(before)
