"""Makes the facts of many sheets at once, as columns, which a kernel writes as Avro.

A fact is a row of numbers, and its texts are numbers, too:

    0, 1, 2 ...     kept texts: statuses, and the texts of rated items (`processors.stages.fact_encoding.item_table`)
    -1, -2, -3 ...  texts of this batch: ids of sheets, declarations, texts behind codes, tax codes; then ids of facts
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from processors.domain.join.changes import Changes
from processors.domain.join.declaration_context import contexts_of
from processors.domain.join.facts import SCORES, JoinContext, facts_of
from processors.domain.join.policy import JoinPolicy
from processors.domain.join.sheet_store import Revision, StoredSheet
from processors.domain.join.standing import STANDINGS, standings_of
from processors.stages.fact_encoding.item_table import ChosenItems, RatedItems
from processors.stages.stage import EncodedBatch, Output
from schemas import ids
from schemas.catalogue import latest, parsed
from schemas.codec.record import decoder
from schemas.keys import KEY_DIGITS
from schemas.records.facts import MatchState, RatedService, UnmatchedReason
from schemas.topics import Topic
from schemas.vectorized.field_plan import enum_symbols
from schemas.vectorized.kernels.names import LETTERS, name_uuids
from schemas.vectorized.kernels.rows import ABSENT
from schemas.vectorized.kernels.texts import Strings
from schemas.vectorized.row_writer import RowWriter
from schemas.vectorized.status_reader import STATUSES
from schemas.vectorized.string_dictionary import StringInterner

_SCHEMA = parsed(latest(Topic.RATED_SERVICE.subject).schema_id)
_MATCHED, _UNMATCHED, _SUPERSEDED = (
    enum_symbols(_SCHEMA, "state").index(state)
    for state in (MatchState.MATCHED, MatchState.UNMATCHED, MatchState.SUPERSEDED)
)
_NOT_KNOWN, _GONE = (
    enum_symbols(_SCHEMA, "unmatched_reason").index(reason)
    for reason in (UnmatchedReason.NOT_KNOWN, UnmatchedReason.GONE)
)
_STANDINGS = np.array([enum_symbols(_SCHEMA, "standing").index(standing) for standing in STANDINGS])
_PHASES = {phase: place for place, phase in enumerate(enum_symbols(_SCHEMA, "phase"))}
_SEPARATOR = ord(ids.SEPARATOR)
_BEFORE_NAMES = np.frombuffer(ids.FACT_ID_PREFIX, np.uint8)
_CODED = {
    "declaration_office": "office",
    "declaration_team": "team",
    **{name: name for name in ("channel", "kind", "tax_code")},
}
"""Fields that hold codes of the status log, and the log's field."""
_SLICE = 2_048
"""Sheets whose facts are made at once: a sheet may have fifty facts, and each takes 700 bytes meanwhile."""
_MOST_KEPT = 1 << 17
"""Texts, or items, that are kept; with more, the memory starts empty again."""

_read = decoder(Topic.RATED_SERVICE.subject)

Column = npt.NDArray[np.int64]


@dataclass(slots=True)
class _Groups:
    """The facts of sheets, grouped by revision: lists of the same length, and the score times of the few edited facts.

    Attributes:
        owners: Place of the sheet.
        revisions: The revision.
        superseded: Whether a later revision dropped the items.
        items: The items.
        since: By place of the fact, when its target had each score first; other facts have had one score only.
    """

    owners: list[int] = field(default_factory=list)
    revisions: list[Revision] = field(default_factory=list)
    superseded: list[bool] = field(default_factory=list)
    items: list[Sequence[Any]] = field(default_factory=list)
    since: dict[int, Sequence[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, sheets: Sequence[StoredSheet]) -> _Groups:
        groups, count = cls(), 0
        for owner, sheet in enumerate(sheets):
            if len(sheet.records) == 1:  # nearly all: the columns below say the same as `facts_of`
                groups._add(owner, sheet.latest, sheet.latest.items, superseded=False)
                count += len(sheet.latest.items)
                continue
            for facts in facts_of(sheet):
                groups._add(owner, facts.revision, facts.items, superseded=facts.superseded)
                groups.since.update(enumerate(facts.since, count))
                count += len(facts.items)
        return groups

    def _add(self, owner: int, revision: Revision, items: Sequence[Any], *, superseded: bool) -> None:
        self.owners.append(owner)
        self.revisions.append(revision)
        self.items.append(items)
        self.superseded.append(superseded)


class _KeptTexts:
    """Texts and items that are kept from batch to batch."""

    def __init__(self, context: JoinContext) -> None:
        self.texts = StringInterner()
        self.items = RatedItems(self.texts, context.directory)
        self.statuses = np.array([self.texts.intern(status) for status in STATUSES], np.int64)

    def is_full(self) -> bool:
        return max(len(self.texts), len(self.items)) > _MOST_KEPT


class _OwnTexts:
    """Texts of one batch of facts, numbered from -1 downwards."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def add(self, texts: Iterable[str]) -> Column:
        """The numbers of texts."""
        before = len(self._texts)
        self._texts.extend(texts)
        return -1 - np.arange(before, len(self._texts))

    def add_codes(self, codes: Column, texts: Sequence[str | None]) -> Column:
        """The numbers of the texts behind codes, each text once; `ABSENT` for code 0."""
        distinct, places = np.unique(codes, return_inverse=True)
        numbers = np.full(len(distinct), ABSENT)
        numbers[distinct > 0] = self.add(texts[code] or "" for code in distinct.tolist() if code)
        return numbers[places]

    def add_some(self, texts: Sequence[str | None], others: Column) -> Column:
        """The numbers of texts; for an absent text the number in `others`."""
        numbers = others.copy()
        numbers[list(map(bool, texts))] = self.add(filter(None, texts))
        return numbers

    def texts(self) -> Strings:
        """All of them."""
        return Strings.of(self._texts)


class FactWriter:
    """Makes and encodes facts.

    Args:
        context: Reference data.
        policy: Which sheets count.
    """

    def __init__(self, context: JoinContext, policy: JoinPolicy) -> None:
        self._context = context
        self._counting = np.array([standing in policy.counting for standing in STANDINGS])
        self._write = RowWriter(Topic.RATED_SERVICE.subject, {"score_since": SCORES}).write_records
        self._memory = _KeptTexts(context)

    def encode_facts(self, changes: Changes, texts: Mapping[str, Sequence[str | None]]) -> EncodedFacts:
        """Every fact of the sheets.

        Args:
            changes: The sheets.
            texts: The text behind each code of the states, by field.
        """
        keys: list[bytes] = []
        values: list[bytes] = []
        for some in changes.slices(_SLICE):
            if self._memory.is_full():
                self._memory = _KeptTexts(self._context)
            self._append_facts(some, texts, keys, values)
        return EncodedFacts(keys, values)

    def _append_facts(
        self,
        changes: Changes,
        texts: Mapping[str, Sequence[str | None]],
        keys: list[bytes],
        values: list[bytes],
    ) -> None:
        """Append keys and values of the facts of the sheets."""
        groups, own = _Groups.of(changes.sheets), _OwnTexts()
        owners = np.array(groups.owners)
        group_of = np.repeat(np.arange(len(owners)), list(map(len, groups.items)))
        sheet_of = owners[group_of]
        items = self._memory.items.chosen(list(chain.from_iterable(groups.items)))
        revision, submitted_at, phase, has_comment, has_contact, allegations = _numbers(groups.revisions)
        sheet_ids = own.add(sheet.sheet_id for sheet in changes.sheets)
        declarations = own.add(revision.declaration_no for revision in groups.revisions)
        contexts = self._contexts(changes, texts, own)
        tax_codes = own.add_some([one.tax_code for one in groups.revisions], contexts["tax_code"][owners])
        states = np.where(
            groups.superseded, _SUPERSEDED, np.where(changes.states.known > 0, _MATCHED, _UNMATCHED)[owners]
        )
        reasons = np.where(states == _UNMATCHED, np.where(changes.gone, _GONE, _NOT_KNOWN)[owners], ABSENT)
        stated = np.array([sheet.latest.tax_code is not None for sheet in changes.sheets])
        standing = standings_of(changes.states, stated)
        counts = self._counting[standing]
        content_since = np.array([sheet.content_since(self._context.content) for sheet in changes.sheets], np.int64)
        # Without a status no sheet ever counted; with one, what changed hands may have.
        once = counts | (changes.states.bearing > 0) & np.array([sheet.changed_hands for sheet in changes.sheets])
        own_texts = own.texts()
        ids = self._ids(changes.sheets, sheet_of, items, own_texts)
        columns: dict[str, Any] = {
            **{name: column[sheet_of] for name, column in contexts.items()},
            **items.columns(submitted_at[group_of]),
            "fact_id": -len(own_texts.offsets) - np.arange(len(group_of)),
            "version": np.array(changes.versions)[sheet_of],
            "state": states[group_of],
            "unmatched_reason": reasons[group_of],
            "standing": _STANDINGS[standing][sheet_of],
            "counts": counts[sheet_of],
            "content_since": content_since[sheet_of],
            "sheet_id": sheet_ids[sheet_of],
            "revision": revision[group_of],
            "declaration_no": declarations[group_of],
            "submitted_at": submitted_at[group_of],
            "phase": phase[group_of],
            "score_since": _since(groups.since, items.score, submitted_at[group_of]) * once[sheet_of, np.newaxis],
            "has_comment": has_comment[group_of],
            "has_contact": has_contact[group_of],
            "allegations": allegations[group_of],
            "tax_code": tax_codes[group_of],
        }
        keys += items.keys
        values += self._write(len(group_of), columns, self._memory.texts.strings, own_texts.and_then(ids))

    def _contexts(
        self, changes: Changes, texts: Mapping[str, Sequence[str | None]], own: _OwnTexts
    ) -> dict[str, Column]:
        """Columns about the declarations as of the latest revision of each sheet."""
        context = self._context
        as_of = np.array([sheet.latest.submitted_at for sheet in changes.sheets], np.int64)
        found = contexts_of(changes.states, as_of, texts["office"], context.calendar, context.limits)
        coded = {name: own.add_codes(getattr(found, name), texts[field]) for name, field in _CODED.items()}
        statuses = np.where(found.status == ABSENT, ABSENT, self._memory.statuses[found.status.clip(0)])
        return {**found._asdict(), **coded, "status": statuses}

    def _ids(self, sheets: Sequence[StoredSheet], sheet_of: Column, items: ChosenItems, own: Strings) -> Strings:
        """The ids of the facts. The texts of the batch must begin with the ids of the sheets."""
        keys = np.array([sheet.key for sheet in sheets], np.int64)[sheet_of]
        letters = np.empty(LETTERS * len(sheet_of), np.uint8)
        kept = self._memory.texts.strings
        name_uuids(_BEFORE_NAMES, _SEPARATOR, KEY_DIGITS, keys, sheet_of, items.names, kept, own, letters)
        return Strings(letters, np.arange(len(sheet_of) + 1) * LETTERS)


def _numbers(revisions: Sequence[Revision]) -> Sequence[Column]:
    """The numeric fields of revisions: revision, submitted_at, phase, has_comment, has_contact, allegations."""
    revision, _crc, submitted_at, phase, _number, _tax, _items, comment, contact, _text, said = zip(
        *revisions, strict=True
    )
    numbers = revision, submitted_at, [*map(_PHASES.get, phase)], comment, contact, said
    return [np.array(one, np.int64) for one in numbers]


def _since(known: Mapping[int, Sequence[int]], scores: Column, submitted_at: Column) -> Column:
    """For each fact when its target had each score first; a fact without an entry in `known` has one revision."""
    since = np.zeros((len(scores), SCORES), np.int64)
    since[np.arange(len(scores)), scores - 1] = submitted_at
    if known:
        since[list(known)] = list(known.values())
    return since


class EncodedFacts(EncodedBatch):
    """Encoded facts.

    Args:
        keys: Key of each.
        values: Framed value of each.
    """

    topic = Topic.RATED_SERVICE

    def __init__(self, keys: Sequence[bytes], values: Sequence[bytes]) -> None:
        self._keys = keys
        self._values = values

    def messages(self) -> Sequence[tuple[bytes, bytes]]:
        """As `EncodedBatch.messages`."""
        return list(zip(self._keys, self._values, strict=True))

    def __len__(self) -> int:
        """Number of facts."""
        return len(self._values)

    def __iter__(self) -> Iterator[Output]:
        """Each fact as a record."""
        return (Output(self.topic, RatedService.from_avro(_read(value))) for value in self._values)

    @overload
    def __getitem__(self, index: int) -> Output: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Output]: ...
    def __getitem__(self, index: Any) -> Any:
        """One or some of them."""
        return list(self)[index]
