"""The join: a sheet and the history of its declaration give one fact for each rated target.

The facts are a function of the set of records known, never of their order. Their version grows with every record that
can change them, so whoever keeps the highest version of each fact ends with the same facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from processors.domain.join.allegations import AllegationFinder
from processors.domain.join.declaration_context import StepLimits, WorkingTime
from processors.domain.join.policy import JoinPolicy
from processors.domain.join.sheet_store import ItemIdentity, Revision, StoredSheet
from schemas.records.events import RatingItem
from schemas.reference.feedback_content import FeedbackContent

_COUNT_BITS = 16
SCORES = 5
"""A score is 1 to 5."""


class Directory(Protocol):
    """Which offices and teams exist."""

    def periods(self, office: str, team: str | None = None) -> Sequence[tuple[int, int]]:
        """The periods (begin, end; epoch milliseconds) in which an office with this code, or its team, exists."""


@dataclass(frozen=True, slots=True)
class JoinContext:
    """Reference data of the join.

    Attributes:
        calendar: Working time.
        directory: Offices and teams.
        limits: Legal working time of the steps.
        words: Looks for allegations in comments.
        content: What makes feedback of a low score.
    """

    calendar: WorkingTime
    directory: Directory
    limits: StepLimits
    words: AllegationFinder
    content: FeedbackContent


def version_of(sheet: StoredSheet, bearing: int) -> int:
    """Version of the sheet's facts: the revision in the high bits, the number of its records in the low ones.

    Args:
        sheet: The sheet.
        bearing: How many distinct status records count, see `processors.domain.join.as_of.States`.
    """
    count = len(sheet.records) + bearing
    return sheet.latest.revision << _COUNT_BITS | min(count, (1 << _COUNT_BITS) - 1)


def is_gone(sheet: StoredSheet, deleted_until: int, policy: JoinPolicy) -> bool:
    """Whether the declaration of a sheet, if it is not known, may have been deleted from the log.

    So it is when the sheet was first sent so early that the statuses before it may be deleted; also when its first
    revision is.

    Args:
        sheet: The sheet.
        deleted_until: Statuses published up to then may have been deleted, epoch milliseconds; 0: none was.
        policy: How late a declaration is rated.
    """
    if not deleted_until:
        return False
    first_sent = min(record.submitted_at for record in sheet.records.values())
    first_revision = min(record.revision for record in sheet.records.values())
    return first_revision > 1 or first_sent <= deleted_until + policy.rated_within_ms


class Facts(NamedTuple):
    """Facts about one declaration from one revision of a sheet.

    Attributes:
        revision: The record that holds the items.
        superseded: Whether a later revision dropped the items.
        items: The scores, in the order of the sheet: one fact for each.
        since: For each item and each score from 1 to 5: when the target had that score first; 0 for never.
    """

    revision: Revision
    superseded: bool
    items: Sequence[RatingItem]
    since: Sequence[Sequence[int]]


def facts_of(sheet: StoredSheet) -> Iterator[Facts]:
    """Every fact of a sheet: one for each target that any revision rated.

    A target that the latest revision dropped stays SUPERSEDED, with the content of the last revision that had it. The
    same holds for a target that only a losing content of a revision names: it may have been published before.
    """
    revisions = sheet.revisions()
    since = _since(revisions)
    seen: set[ItemIdentity] = set()
    for revision in reversed(revisions):
        items = [item for item in revision.items if _identity(item) not in seen]
        if items:
            times = [since[_identity(item)] for item in items]
            yield Facts(revision, revision is not revisions[-1], items, times)
        seen.update(map(_identity, items))


def _identity(item: RatingItem) -> ItemIdentity:
    return item.target, item.office, item.target_id


def _since(revisions: Sequence[Revision]) -> Mapping[ItemIdentity, Sequence[int]]:
    """For each target when it had each score first, from revisions in order."""
    since: dict[ItemIdentity, list[int]] = {}
    for revision in revisions:
        for item in revision.items:
            known = since.setdefault(_identity(item), [0] * SCORES)
            known[item.score - 1] = known[item.score - 1] or revision.submitted_at
    return since
