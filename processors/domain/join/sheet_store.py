"""The view over `rating`: every known revision of every sheet, by declaration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from processors.domain.snapshot_arrays import (
    StateSnapshot,
    UnsoundSnapshot,
    from_json_array,
    json_list_array,
    json_text,
)
from schemas.keys import KEY_DIGITS
from schemas.records.events import Rating, RatingItem

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


@dataclass(slots=True)
class StoredSheet:
    """All known records of one sheet of one declaration, of which there is one at least.

    Attributes:
        key: The declaration's key as a number.
        sheet_id: The sheet.
        published: Version of the facts last sent for it; 0 for none. Changed by `publish` alone.
        records: Distinct records by (revision, checksum); changed by `add_revision` alone, as are the others.
        latest: The record that counts: the highest revision, and of several contents of it the highest checksum.
        bears_until: Up to when statuses count in its version: the latest submission of any record. When a content with
            an earlier submission wins, fewer statuses make the state, but the version must not fall.
    """

    key: int
    sheet_id: str
    published: int = 0
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

    def publish(self, version: int) -> None:
        """Remember the version of the facts that are sent."""
        self.published = version
        self._text = None

    def revisions(self) -> list[Revision]:
        """All records in order; the last one counts."""
        return [record for _identity, record in sorted(self.records.items())]

    def text(self) -> str:
        """The sheet as text for snapshots, remembered: few sheets change between two snapshots, of perhaps 100,000."""
        if self._text is None:
            rows = [_row(record) for record in self.records.values()]
            self._text = json_text((self.key, self.sheet_id, self.published, rows))
        return self._text


class SheetStore:
    """All known sheets of one partition."""

    def __init__(self) -> None:
        self._by_declaration: dict[int, dict[str, StoredSheet]] = {}
        self._newest: dict[int, int] = {}
        """By declaration, when its last sheet was sent."""

    def add_rating(self, key: int, rating: Rating, crc: int) -> StoredSheet:
        """Add a record and return its sheet; a record that is known changes nothing."""
        sheets = self._by_declaration.setdefault(key, {})
        sheet = sheets.get(rating.sheet_id)
        if sheet is None:
            sheet = sheets[rating.sheet_id] = StoredSheet(key, rating.sheet_id)
        identity = (rating.revision, crc)
        if identity in sheet.records:
            return sheet
        self._newest[key] = max(self._newest.get(key, 0), rating.submitted_at)
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
    def of(cls, snapshot: StateSnapshot) -> SheetStore:
        """The store of a snapshot.

        Raises:
            UnsoundSnapshot: No store can have written it.
        """
        made = cls()
        for key, sheet_id, published, rows in from_json_array(snapshot["sheets"]):
            if not (0 <= key < _KEYS and rows and all(items for items, *_rest in rows)):
                raise UnsoundSnapshot("sheets")
            sheet = StoredSheet(key, sheet_id, published)
            for row in rows:
                sheet.add_revision(_revision(row))
            made._by_declaration.setdefault(key, {})[sheet_id] = sheet
            made._newest[key] = max(made._newest.get(key, 0), sheet.bears_until)
        return made

    def expire(self, before: int) -> None:
        """Forget the sheets of declarations on which nothing was sent since `before` (epoch milliseconds)."""
        for key in [key for key, newest in self._newest.items() if newest < before]:
            del self._by_declaration[key], self._newest[key]

    def __len__(self) -> int:
        """How many sheets are known."""
        return sum(map(len, self._by_declaration.values()))


_revision_fields = attrgetter(*(name for name in Revision._fields if name != "items"))
_item_fields = attrgetter(*(one.name for one in fields(RatingItem)))


def _row(record: Revision) -> list[Any]:
    """The fields, the items first: `dataclasses.astuple` copies every leaf and would hold the worker up for seconds."""
    return [[_item_fields(item) for item in record.items], *_revision_fields(record)]


@lru_cache(_MOST_ITEMS)
def _item(*fields: Any) -> RatingItem:
    return RatingItem(*fields)


def _revision(row: list[Any]) -> Revision:
    items, revision, crc, submitted_at, phase, declaration_no, tax_code, has_comment, has_contact = row
    scored = tuple(_item(*item) for item in items)
    return Revision(revision, crc, submitted_at, phase, declaration_no, tax_code, scored, has_comment, has_contact)
