"""A rating sheet for the handler of its case: as text, and as JSON. The comment comes in only when it may be shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

from deploy.admin.complaints.sheet_names import reason_name, score_name, target_name
from deploy.admin.complaints.sheets import CaseSheet
from deploy.admin.complaints.tables import SHORT, local
from deploy.printable import printable
from schemas.records.cases import ComplaintCase
from schemas.records.complaints import Complaint
from schemas.records.events import RatingItem, Target
from schemas.reference.offices import OfficeDirectory
from schemas.reference.service import ScoreGroup, load_rating_scale
from schemas.reference.validity import day_start_ms, local_day

_HEADING = Text("What the enterprise said", "bold")
_RECORDED = "shown with --comment --by YOU --unit UNIT, which the case records"


@dataclass(frozen=True, slots=True)
class NoSheet:
    """A case whose sheet is not shown.

    Attributes:
        problem: Why, in a sentence.
        low: The low scores that the case itself still tells.
        offices: For names.
        at: When the case was opened.
    """

    problem: str
    low: Sequence[RatingItem] = ()
    offices: OfficeDirectory | None = None
    at: int = 0

    @classmethod
    def unread(cls, complaint: Complaint, offices: OfficeDirectory, problem: str) -> Self:
        """A sheet that could not be read."""
        office = complaint.office
        low = [RatingItem(one.target, office, one.target_id, one.score, one.reason) for one in complaint.low_items]
        return cls(f"The sheet cannot be shown: {' '.join(problem.splitlines())}", low, offices, complaint.opened_at)

    def lines(self) -> Iterator[RenderableType]:
        """As text."""
        yield _HEADING
        yield Text(printable(self.problem), "yellow")
        if self.low and self.offices is not None:
            yield Text("The low scores that the case is about:")
            yield _scores(self.low, self.offices, self.at)

    def fields(self) -> dict[str, Any]:
        """As fields of the case in JSON."""
        low = [] if self.offices is None else [_item_fields(one, self.offices, self.at) for one in self.low]
        return {"sheet": None, "sheet_problem": self.problem, "low_items": low}


PROTECTED = NoSheet(f"The sheet of a denunciation: what it says is {_RECORDED}.")
"""Without a record nothing of such a sheet is shown."""


@dataclass(frozen=True, slots=True)
class SheetPage:
    """What is shown of a sheet.

    Attributes:
        case: The case.
        sheet: Its sheet.
        offices: For names.
        protected: Whether the sender is protected: then only the day, and only what is about the office of the case.
        recorded: Whether the case has recorded who reads the comment; without that it is not shown.
    """

    case: ComplaintCase
    sheet: CaseSheet
    offices: OfficeDirectory
    protected: bool
    recorded: bool = False

    @property
    def _items(self) -> Sequence[RatingItem]:
        items = self.sheet.newest.items
        return [one for one in items if one.office == self.case.office] if self.protected else items

    @property
    def _sent_at(self) -> int:
        """When it was sent; of a protected sheet the beginning of that day in Viet Nam."""
        at = self.sheet.newest.submitted_at
        return day_start_ms(local_day(at)) if self.protected else at

    def lines(self) -> Iterator[RenderableType]:
        """As text."""
        sheet = self.sheet
        yield _HEADING
        about = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        sent = local(self._sent_at)[:10] if self.protected else local(self._sent_at)
        phase = sheet.newest.phase.lower().replace("_", " ")
        about.add_row(Text("sent", "bold"), f"{sent}, {phase}, revision {sheet.newest.revision}")
        for line in self._earlier():
            about.add_row(Text("earlier", "bold"), line)
        about.add_row(Text("contact", "bold"), self._contact())
        yield about
        yield _scores(self._items, self.offices, sheet.newest.submitted_at)
        yield Text.assemble(("comment", "bold"), f"  {self._comment()}")
        if self.recorded and sheet.comment is not None:
            yield Quoted(sheet.comment)

    def _earlier(self) -> Iterator[str]:
        sheet = self.sheet
        if self.protected:
            count = len(sheet.earlier) + sheet.not_read
            if count:
                yield f"{count} revision{'' if count == 1 else 's'}"
            return
        for earlier in sheet.earlier:
            given = ", ".join(str(item.score) for item in earlier.items)
            yield f"revision {earlier.revision} of {local(earlier.submitted_at)}: scores {given}"
        if sheet.not_read:
            yield f"{sheet.not_read} more, not read"

    def _contact(self) -> str:
        if self.case.erased_at is not None:
            return f"erased {local(self.case.erased_at)[:10]}"
        known = f"yes, sealed: hailong complaint reveal {self.case.complaint_id[:SHORT]}"
        return known if self.sheet.has_contact else "none"

    def _comment(self) -> str:
        if self.sheet.comment is None:
            return "none"
        if not self.recorded:
            return f"yes: {_RECORDED}"
        return "as follows; it may tell who the protected sender is" if self.protected else "as follows"

    def fields(self) -> dict[str, Any]:
        """As fields of the case in JSON; times in milliseconds."""
        sheet = self.sheet
        at = sheet.newest.submitted_at
        found: dict[str, Any] = {
            "revision": sheet.newest.revision,
            "submitted_at": self._sent_at,
            "phase": sheet.newest.phase,
            "items": [_item_fields(item, self.offices, at) for item in self._items],
            "has_contact": sheet.has_contact and self.case.erased_at is None,
            "has_comment": sheet.comment is not None,
            "earlier_revisions": len(sheet.earlier) + sheet.not_read,
        }
        if not self.protected:
            found["earlier"] = [
                {
                    "revision": one.revision,
                    "submitted_at": one.submitted_at,
                    "scores": [item.score for item in one.items],
                }
                for one in sheet.earlier
            ]
        if self.recorded:
            found["comment"] = sheet.comment
        return {"sheet": found, "sheet_problem": None}


@dataclass(frozen=True, slots=True)
class Quoted:
    """Foreign words with a mark before each line, so that they cannot pass for lines of ours."""

    words: str = field(repr=False)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """Its lines, folded to the width."""
        for line in self.words.splitlines():
            folded = Text(printable(line)).wrap(console, max(options.max_width - 2, 1), overflow="fold")
            for part in folded or [Text()]:
                part.rstrip()
                yield Text.assemble(("│ ", "dim"), part)


def _scores(items: Iterable[RatingItem], offices: OfficeDirectory, at: int) -> Table:
    """One rated target per row, with names as they were at that time."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    scale = load_rating_scale()
    for item in items:
        low = scale[item.score].group is ScoreGroup.DISSATISFIED
        # As Text: a table would take brackets in ids for its markup.
        table.add_row(
            Text(f"{item.score} {score_name(item)}", "bold red" if low else ""),
            Text(_target(item, target_name(offices, item, at))),
            Text(reason_name(item) or item.reason or ""),
        )
    return table


def _target(item: RatingItem, name: str | None) -> str:
    code = item.target_id if item.target == Target.OFFICE else f"{item.target_id} at {item.office}"
    return f"{item.target.lower()} {code}" + ("" if name is None else f": {name}")


def _item_fields(item: RatingItem, offices: OfficeDirectory, at: int) -> dict[str, Any]:
    return {
        "target": item.target,
        "office": item.office,
        "target_id": item.target_id,
        "target_name": target_name(offices, item, at),
        "score": item.score,
        "score_name": score_name(item),
        "reason": item.reason,
        "reason_name": reason_name(item),
    }
