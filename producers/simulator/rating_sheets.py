"""The rating sheets: targets, scores, reasons, revisions, comments, contacts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from numpy.random import Generator

from producers.simulator import texts
from producers.simulator.declarations import Declarations
from producers.simulator.draws import MINUTE_MS
from producers.simulator.enterprises import Enterprises
from producers.simulator.office_profiles import OFFICE_CODES, TEAM_CODES
from producers.simulator.planned_sheets import UNKNOWN, PlannedSheets
from producers.simulator.staff import Staff
from producers.simulator.status_events import SimulatedOutcomes
from producers.simulator.working_time import END_MS, MAY_6_END_MS, VERSION_2_MS
from schemas.records.events import Phase, Rating, RatingItem, Target

ContactSealer = Callable[[str, str, str], bytes]
"""Encrypts a contact: takes sheet id, name and phone, returns the ciphertext."""

_FIRST_UNKNOWN = 10_599_000_000
"""Numbers of declarations that never appear; far above all numbers in use."""

_NEUTRAL, _SATISFIED = 3, 4
_LOW_BEFORE_EDIT = 6
"""At most so many sheets are dissatisfied at first and neutral after an edit."""


class Dice:
    """Random whole numbers, drawn in bulk and returned one by one."""

    def __init__(self, rng: Generator) -> None:
        self._rng = rng
        self._numbers: Iterator[int] = iter(())

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1; the limit must be far below 2 ** 31, or the numbers are not uniform."""
        number = next(self._numbers, None)
        if number is None:
            self._numbers = iter(self._rng.integers(0, 1 << 31, 4096).tolist())
            number = next(self._numbers)
        return number % limit

    def percent(self, share: int) -> bool:
        """True with a probability of `share` percent."""
        return self.below(100) < share

    def pick(self, values: Sequence[str]) -> str:
        """One of the values."""
        return values[self.below(len(values))]


@dataclass(frozen=True, slots=True)
class SheetMaker:
    """Makes the rating sheets of a scenario.

    Attributes:
        dice: Random numbers of this part.
        planned: When and about what each sheet is.
        declarations: The rated declarations.
        outcomes: How each declaration ended.
        enterprises: Who rates.
        staff: Who is rated.
        seal: Encrypts contacts; None for sheets without contacts.
    """

    dice: Dice
    planned: PlannedSheets
    declarations: Declarations
    outcomes: SimulatedOutcomes
    enterprises: Enterprises
    staff: Staff
    seal: ContactSealer | None

    def make_sheets(self) -> list[list[Rating]]:
        """The revisions of every sheet, in order of their numbers."""
        sheets, low_before = [], 0
        for index in range(len(self.planned)):
            latest = self._latest(index)
            neutral = bool(self.planned.level[index] == _NEUTRAL)
            low_first = neutral and index % 3 == 0 and low_before < _LOW_BEFORE_EDIT
            low_before += low_first
            sheets.append(self._revisions(latest, spike=bool(self.planned.spike[index]), low_first=low_first))
        return sheets

    def _latest(self, index: int) -> Rating:
        """The sheet with its final content, dated as first sent."""
        planned, dice = self.planned, self.dice
        row, level, spike = int(planned.declaration[index]), int(planned.level[index]), bool(planned.spike[index])
        office, submitted_at = OFFICE_CODES[int(planned.office[index])], int(planned.submitted_at[index])
        sheet_id = f"hp2020-{index + 1:06d}"
        if spike:
            targets = [(Target.STEP, "GOODS_INSPECTION"), (Target.TEAM, "01"), (Target.OFFICE, office)][: 2 + index % 2]
        else:
            targets = self._targets(row, office, submitted_at)
        comment = contact = None
        if submitted_at >= VERSION_2_MS:
            low = level <= _NEUTRAL
            if dice.percent(75 if low else 12):
                comment = dice.pick(texts.BAD_COMMENTS if low else texts.GOOD_COMMENTS)
            if self.seal is not None and dice.percent(60 if low else 8):
                name = f"{dice.pick(texts.FAMILY_NAMES)} {dice.pick(texts.GIVEN_NAMES)}"
                contact = self.seal(sheet_id, name, texts.phone(dice.below(1_000_000)))
        return Rating(
            sheet_id=sheet_id,
            revision=1,
            declaration_no=self._declaration_no(index, row, submitted_at),
            tax_code=None if row == UNKNOWN else self.enterprises.tax_codes[int(self.declarations.enterprise[row])],
            submitted_at=submitted_at,
            phase=Phase.DURING_CLEARANCE if planned.during[index] else Phase.AFTER_CLEARANCE,
            items=self._items(office, targets, level, spike=spike),
            comment=comment,
            contact=contact,
        )

    def _declaration_no(self, index: int, row: int, submitted_at: int) -> str:
        if row == UNKNOWN:
            return f"{_FIRST_UNKNOWN + index * 7}0"
        # The client shows the number of the last amendment, not of the rated one. The join must accept both.
        finished = submitted_at >= self.outcomes.permitted_at[row]
        return f"{self.declarations.number[row]}{self.outcomes.amendments[row] if finished else 0}"

    def _targets(self, row: int, office: str, submitted_at: int) -> list[tuple[Target, str]]:
        """Draw the rated targets: one to three at first, up to six since version 2.0."""
        office_target = (Target.OFFICE, office)
        others = [] if row == UNKNOWN else self._known_targets(row, submitted_at)
        dice = self.dice
        wanted = 1 + dice.below(6) if submitted_at >= VERSION_2_MS else (1, 1, 1, 1, 1, 1, 2, 2, 2, 3)[dice.below(10)]
        chosen = [] if dice.percent(15) and others else [office_target]
        while others and len(chosen) < wanted:
            chosen.append(others.pop(dice.below(len(others))))
        return chosen

    def _known_targets(self, row: int, submitted_at: int) -> list[tuple[Target, str]]:
        """Team, officials and steps of a declaration up to the time of the sheet."""
        declarations, outcomes = self.declarations, self.outcomes
        officials = [self.staff.ids[int(declarations.official[row])]]
        steps = ["REGISTRATION"]
        if outcomes.documents[row]:
            steps.append("DOCUMENT_CHECK")
        if submitted_at >= outcomes.permitted_at[row]:
            steps += ["TAX_PAYMENT", "RELEASE_DECISION"]
            if outcomes.inspected[row]:
                steps.append("GOODS_INSPECTION")
                officials.append(self.staff.ids[int(declarations.inspector[row])])
        if submitted_at >= outcomes.supervised_at[row]:
            steps.append("SUPERVISION")
        team = TEAM_CODES[int(declarations.team[row])]
        people = [(Target.OFFICIAL, official) for official in dict.fromkeys(officials) if official is not None]
        return [(Target.TEAM, team), *people, *((Target.STEP, step) for step in steps)]

    def _items(
        self, office: str, targets: Sequence[tuple[Target, str]], level: int, *, spike: bool
    ) -> tuple[RatingItem, ...]:
        """Draw scores: one target gets the level and the others more; in the spike all are low."""
        lowest = self.dice.below(len(targets))
        items = []
        for place, (target, target_id) in enumerate(targets):
            if spike:
                score = level if place == 0 else min(2, level + self.dice.below(2))
            else:
                score = level if place == lowest else min(5, max(level, _SATISFIED) + self.dice.below(2))
            items.append(self._item(target, office, target_id, score, spike=spike))
        return tuple(items)

    def _item(self, target: str, office: str, target_id: str, score: int, *, spike: bool = False) -> RatingItem:
        reason = None
        if spike:
            reason = "LATE_GOODS_INSPECTION"
        elif score < _NEUTRAL or (score == _NEUTRAL and self.dice.percent(50)):
            reason = self.dice.pick(texts.REASONS.get(target_id, texts.OTHER_REASONS))
        return RatingItem(target, office, target_id, score, reason)

    def _revisions(self, latest: Rating, *, spike: bool, low_first: bool) -> list[Rating]:
        """The revisions of a sheet, more than one if it was edited; no edit crosses the end of 6 May or of 27 May."""
        dice = self.dice
        edits = 1 if low_first else 0 if spike else dice.percent(4) + (dice.below(1000) < 8)
        gaps = [(3 + dice.below(600)) * MINUTE_MS for _ in range(edits)]
        limit = MAY_6_END_MS if latest.submitted_at < MAY_6_END_MS else END_MS
        if latest.submitted_at + sum(gaps) >= limit:
            gaps = []
        revisions, at = [], latest.submitted_at
        for number, gap in enumerate(gaps, start=1):
            items = self._items_before_edit(latest.items, low_first=low_first)
            revisions.append(replace(latest, revision=number, submitted_at=at, items=items, comment=None))
            at += gap
        return [*revisions, replace(latest, revision=len(gaps) + 1, submitted_at=at)]

    def _items_before_edit(self, items: tuple[RatingItem, ...], *, low_first: bool) -> tuple[RatingItem, ...]:
        """Draw the items of an earlier revision: other scores, and sometimes a team that the edit removed."""
        before = []
        for item in items:
            score = (2 if item.score == _NEUTRAL else item.score) if low_first else _SATISFIED + self.dice.below(2)
            before.append(self._item(item.target, item.office, item.target_id, score))
        if Target.TEAM not in {item.target for item in items} and self.dice.percent(40):
            before.append(self._item(Target.TEAM, items[0].office, "00", _SATISFIED + self.dice.below(2)))
        return tuple(before)
