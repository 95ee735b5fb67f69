"""Facts on their way out: encoded sheet by sheet, so that what the facts of a sheet share is written once.

Avro writes a record's fields one after the other and nothing between them. So a fact is its id, what comes before the
rated item, the item, since when, and what comes after it, and three of the five are the same for a whole sheet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any, overload

from processors.domain.join import Facts
from processors.stage import Bundle, Output
from schemas.codec import run_writer
from schemas.records import RatingItem
from schemas.topics import Topic
from schemas.varint import zigzag

_ID_LETTERS = 36
_MOST_ITEMS = 1 << 14
"""Rated items whose bytes are remembered: most come again and again."""

_item = attrgetter("target", "office", "target_id", "score", "reason")


class FactWriter:
    """Encodes facts; the bytes are those of `schemas.codec.record_encoder`."""

    def __init__(self) -> None:
        subject = Topic.RATED_SERVICE.subject
        # All ids have as many letters, so the bytes in front of them are the same.
        self._before_id = run_writer(subject, "fact_id", "fact_id", framed=True)(("",))[:-1] + zigzag(_ID_LETTERS)
        self._before = run_writer(subject, "version", "phase")
        self._rated = run_writer(subject, "target", "reason")
        self._since = run_writer(subject, "score_since", "target_known")
        self._after = run_writer(subject, "has_comment", "on_time")
        self._items: dict[tuple[Any, ...], bytes] = {}

    def messages(self, facts: Facts) -> Iterator[tuple[bytes, bytes]]:
        """Key and framed value of each fact."""
        revision, context = facts.revision, facts.context
        before = self._before(
            (
                facts.version,
                facts.state,
                facts.sheet_id,
                revision.revision,
                revision.declaration_no,
                revision.submitted_at,
                revision.phase,
            )
        )
        after = self._after(
            (
                revision.has_comment,
                revision.has_contact,
                facts.tax_code,
                context.declaration_office,
                context.declaration_team,
                context.status,
                context.channel,
                context.kind,
                context.status_count,
                context.registered_at,
                context.permitted_at,
                context.document_minutes,
                context.goods_minutes,
                context.clearance_minutes,
                context.on_time,
            )
        )
        since: dict[tuple[Any, ...], bytes] = {}
        for fact_id, item, score_since, target_known in facts.items:
            known = score_since, target_known
            part = since.get(known)
            if part is None:
                part = since[known] = self._since(known)
            value = b"".join((self._before_id, fact_id.encode(), before, self._bytes_of(item), part, after))
            yield item.office.encode(), value

    def _bytes_of(self, item: RatingItem) -> bytes:
        values = _item(item)
        known = self._items.get(values)
        if known is None:
            if len(self._items) >= _MOST_ITEMS:
                self._items.clear()
            known = self._items[values] = self._rated(values)
        return known


class FactBundle(Bundle):
    """Facts of several sheets.

    Args:
        facts: The facts.
        writer: Encodes them.
    """

    topic = Topic.RATED_SERVICE

    def __init__(self, facts: Sequence[Facts], writer: FactWriter) -> None:
        self._facts = facts
        self._writer = writer
        self._count = sum(len(group.items) for group in facts)

    def messages(self) -> Sequence[tuple[bytes, bytes]]:
        """As `Bundle.messages`."""
        return [message for group in self._facts for message in self._writer.messages(group)]

    def __len__(self) -> int:
        """Number of facts."""
        return self._count

    def __iter__(self) -> Iterator[Output]:
        """Each fact as a record."""
        return (Output(self.topic, record) for group in self._facts for record in group.records())

    @overload
    def __getitem__(self, index: int) -> Output: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Output]: ...
    def __getitem__(self, index: Any) -> Any:
        """One or some of them."""
        return list(self)[index]
