"""The view over `rating`: every known revision of every sheet, by declaration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from processors.domain.snapshot_arrays import (
    StateSnapshot,
    UnsoundSnapshot,
    from_json_array,
    json_list_array,
    json_text,
)
from schemas.keys import KEY_DIGITS
from schemas.records.events import Rating, RatingItem
from schemas.reference.feedback_content import FeedbackContent

_MOST_ITEMS = 1 << 16
"""Items that the sheets of a snapshot share, as those of a batch do: there are few offices, teams and scores."""

_KEYS = 10**KEY_DIGITS

ItemIdentity = tuple[str, str, str]
"""Target, office, target id: what makes two scores on two revisions the same item."""


class Revision(NamedTuple):
    """One record of a sheet, without comment and contact.

    Attributes:
        revision: Number given by the client.
        crc: Checksum of the record: decides between two contents with one revision number.
        submitted_at: When it was sent.
        phase: Whether during or after clearance.
        declaration_no: As written on the sheet.
        tax_code: The enterprise, if named.
        items: Its scores.
        has_comment: Whether it holds free text.
        has_contact: Whether it holds a sealed contact.
        has_text: Whether its comment says anything: it has a letter or a digit.
        allegations: What its words point at, as `AllegationFinder.kinds_in` says it.
    """

    revision: int
    crc: int
    submitted_at: int
    phase: str
    declaration_no: str
    tax_code: str | None
    items: tuple[RatingItem, ...]
    has_comment: bool
    has_contact: bool
    has_text: bool
    allegations: int

    def has_content(self, rule: FeedbackContent) -> bool:
        """Whether it has what makes feedback of a score (ADR 45)."""
        return rule.is_met(text=self.has_text, contact=self.has_contact, tax_code=self.tax_code is not None)


@dataclass(slots=True)
class StoredSheet:
    """All known records of one sheet of one declaration, of which there is one at least.

    Attributes:
        key: The declaration's key as a number.
        sheet_id: The sheet.
        published: Version of the facts last sent for it; 0 for none. Changed by `publish` alone.
        written_at: Kafka timestamp of the first record that was read, epoch milliseconds.
        offset: The highest offset of its records in the log.
        records: Distinct records by (revision, checksum); changed by `add_revision` alone, as are the next ones.
        latest: The record that counts: the highest revision, and of several contents of it the highest checksum.
        bears_until: Up to when statuses count in its version: the latest submission of any record. When a content with
            an earlier submission wins, fewer statuses make the state, but the version must not fall.
    """

    key: int
    sheet_id: str
    published: int = 0
    written_at: int = 0
    offset: int = 0
    records: dict[tuple[int, int], Revision] = field(default_factory=dict)
    latest: Revision = field(init=False)
    bears_until: int = 0
    _text: str | None = None

    def add_revision(self, record: Revision) -> None:
        """Remember a record."""
        identity = record.revision, record.crc
        if not self.records or identity > (self.latest.revision, self.latest.crc):
            self.latest = record
        self.records[identity] = record
        self.bears_until = max(self.bears_until, record.submitted_at)
        self._text = None

    def note_record(self, offset: int, written_at: int) -> None:
        """Remember where a record of the sheet stands in the log, also of one that is known already."""
        self.written_at = self.written_at or written_at
        if offset > self.offset:
            self.offset = offset
            self._text = None

    def publish(self, version: int) -> None:
        """Remember the version of the facts that are sent."""
        self.published = version
        self._text = None

    @property
    def changed_hands(self) -> bool:
        """Whether its records differ in the enterprise that they name: so it may have counted, and now may not."""
        return len(self.records) > 1 and len({record.tax_code for record in self.records.values()}) > 1

    def content_since(self, rule: FeedbackContent) -> int:
        """When the first record, in their order, was sent that has content; 0: none has."""
        if len(self.records) == 1:
            return self.latest.submitted_at if self.latest.has_content(rule) else 0
        return next((record.submitted_at for record in self.revisions() if record.has_content(rule)), 0)

    def revisions(self) -> list[Revision]:
        """All records in order; the last one counts."""
        return [record for _identity, record in sorted(self.records.items())]

    def text(self) -> str:
        """The sheet as text for snapshots, remembered: few sheets change between two snapshots, of perhaps 100,000."""
        if self._text is None:
            rows = [_row(record) for record in self.records.values()]
            self._text = json_text((self.key, self.sheet_id, self.published, self.written_at, self.offset, rows))
        return self._text


class SheetStore:
    """All known sheets of one partition.

    Args:
        kinds_in: The allegations that the words of a comment point at, as a bit set.
    """

    def __init__(self, kinds_in: Callable[[str], int]) -> None:
        self._kinds_in = kinds_in
        self._by_declaration: dict[int, dict[str, StoredSheet]] = {}
        self._count = 0

    def add_rating(self, key: int, rating: Rating, crc: int, offset: int, written_at: int) -> StoredSheet:
        """Add a record and return its sheet; a record that is known changes nothing but the sheet's place in the log.

        Args:
            key: The declaration's key.
            rating: The record.
            crc: Its checksum.
            offset: Its offset.
            written_at: Its Kafka timestamp, epoch milliseconds.
        """
        sheets = self._by_declaration.setdefault(key, {})
        sheet = sheets.get(rating.sheet_id)
        if sheet is None:
            sheet = sheets[rating.sheet_id] = StoredSheet(key, rating.sheet_id)
            self._count += 1
        sheet.note_record(offset, written_at)
        identity = (rating.revision, crc)
        if identity in sheet.records:
            return sheet
        sheet.add_revision(
            Revision(
                revision=rating.revision,
                crc=crc,
                submitted_at=rating.submitted_at,
                phase=rating.phase,
                declaration_no=rating.declaration_no,
                tax_code=rating.tax_code,
                items=rating.items,
                has_comment=bool(rating.comment),
                has_contact=rating.contact is not None,
                has_text=any(map(str.isalnum, rating.comment or "")),
                allegations=self._kinds_in(rating.comment) if rating.comment else 0,
            )
        )
        return sheet

    def touched(self, keys: Iterable[int]) -> Iterator[StoredSheet]:
        """The sheets of these declarations; each key is given once."""
        rated = self._by_declaration
        for key in filter(rated.__contains__, keys):
            yield from rated[key].values()

    def get(self, key: int, sheet_id: str) -> StoredSheet | None:
        """One sheet."""
        return self._by_declaration.get(key, {}).get(sheet_id)

    def snapshot(self) -> StateSnapshot:
        """The sheets as an array."""
        texts = [sheet.text() for sheets in self._by_declaration.values() for sheet in sheets.values()]
        return {"sheets": json_list_array(texts)}

    @classmethod
    def of(cls, snapshot: StateSnapshot, kinds_in: Callable[[str], int]) -> SheetStore:
        """The store of a snapshot.

        Raises:
            UnsoundSnapshot: No store can have written it.
        """
        made = cls(kinds_in)
        for key, sheet_id, published, written_at, offset, rows in from_json_array(snapshot["sheets"]):
            if not (0 <= key < _KEYS and rows and all(items for items, *_rest in rows)):
                raise UnsoundSnapshot("sheets")
            sheet = StoredSheet(key, sheet_id, published, written_at, offset)
            for row in rows:
                sheet.add_revision(_revision(row))
            made._by_declaration.setdefault(key, {})[sheet_id] = sheet
            made._count += 1
        return made

    def forget(self, log_start: int) -> None:
        """Forget the sheets of declarations whose sheets Kafka has all deleted.

        Args:
            log_start: First offset that the log holds.
        """
        known = self._by_declaration
        for key in [key for key, sheets in known.items() if all(one.offset < log_start for one in sheets.values())]:
            self._count -= len(known.pop(key))

    def keys(self) -> npt.NDArray[np.int64]:
        """The declarations with a sheet."""
        return np.fromiter(self._by_declaration, np.int64, len(self._by_declaration))

    def __len__(self) -> int:
        """How many sheets are known."""
        return self._count


_revision_fields = attrgetter(*(name for name in Revision._fields if name != "items"))
_item_fields = attrgetter(*(one.name for one in fields(RatingItem)))


def _row(record: Revision) -> list[Any]:
    """The fields, the items first: `dataclasses.astuple` copies every leaf and would hold the worker up for seconds."""
    return [[_item_fields(item) for item in record.items], *_revision_fields(record)]


@lru_cache(_MOST_ITEMS)
def _item(*fields: Any) -> RatingItem:
    return RatingItem(*fields)


def _revision(row: list[Any]) -> Revision:
    items, revision, crc, submitted_at, phase, declaration_no, tax_code, *flags = row
    scored = tuple(_item(*item) for item in items)
    return Revision(revision, crc, submitted_at, phase, declaration_no, tax_code, scored, *flags)
