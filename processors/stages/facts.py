"""Facts on their way out: made of many sheets at once, as columns, and written by a kernel.

A fact is a row of numbers. Its texts are numbers, too: those that repeat, codes and rated items, are kept; the ids of
sheets and facts and the declarations are texts of their batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from processors.domain.as_of import States
from processors.domain.context import contexts_of
from processors.domain.join import SCORES, Surroundings, facts_of
from processors.domain.sheets import Revision, Sheet
from processors.stage import Bundle, Output
from processors.stages.rated_items import ChosenItems, RatedItems
from schemas import identity
from schemas.catalogue import latest, parsed
from schemas.codec import decoder
from schemas.kernels.names import LETTERS, name_uuids
from schemas.kernels.rows import ABSENT
from schemas.keys import KEY_DIGITS
from schemas.plans import symbols_of
from schemas.records import MatchState, RatedService
from schemas.row_writer import RowWriter
from schemas.statuses import STATUSES
from schemas.text_store import Texts, TextStore
from schemas.topics import Topic

_SCHEMA = parsed(latest(Topic.RATED_SERVICE.subject).schema_id)
_STATES = symbols_of(_SCHEMA, "state")
_PHASES = {phase: place for place, phase in enumerate(symbols_of(_SCHEMA, "phase"))}
_SEPARATOR = ord(identity.SEPARATOR)
_FACT_NAME = np.frombuffer(identity.FACT_NAME, np.uint8)
_MOST_KEPT = 1 << 17
"""Texts, or items, that are kept; beyond that all are forgotten and learned anew."""

_read = decoder(Topic.RATED_SERVICE.subject)

Column = npt.NDArray[np.int64]


class Changes(NamedTuple):
    """Sheets that are published again.

    Attributes:
        sheets: The sheets.
        versions: Version of the facts of each.
        states: The declaration of each, as of its latest revision.
    """

    sheets: Sequence[Sheet]
    versions: Sequence[int]
    states: States

    @classmethod
    def none(cls) -> Changes:
        """No sheet."""
        return cls((), (), States.none())

    def and_then(self, others: Changes) -> Changes:
        """These, and then the others."""
        if not self.sheets or not others.sheets:
            return self if self.sheets else others
        states = self.states.and_then(others.states)
        return Changes([*self.sheets, *others.sheets], [*self.versions, *others.versions], states)


@dataclass(slots=True)
class _Groups:
    """The facts of sheets by the revision that they are from: several lists of the same length.

    Attributes:
        owners: Place of the sheet.
        revisions: The revision.
        superseded: Whether a later one dropped the items.
        items: The items.
        since: For the places of some facts when their target had each score first; the others have had one score.
    """

    owners: list[int] = field(default_factory=list)
    revisions: list[Revision] = field(default_factory=list)
    superseded: list[bool] = field(default_factory=list)
    items: list[Sequence[Any]] = field(default_factory=list)
    since: dict[int, Sequence[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, sheets: Sequence[Sheet]) -> _Groups:
        groups, count = cls(), 0
        for owner, sheet in enumerate(sheets):
            if len(sheet.records) == 1:  # as nearly all have: what `facts_of` says of it is said by columns below
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


class _Memory:
    """Texts that are kept, and which of them the codes of the status log stand for."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.texts = TextStore()
        self.items = RatedItems(self.texts, surroundings.directory)
        self.statuses = self.texts.numbers(STATUSES)
        self._codes: dict[str, Column] = {}

    def numbers(self, field: str, texts: Sequence[str | None]) -> Column:
        """The number of the text behind each code."""
        known = self._codes.get(field, np.empty(0, np.int64))
        if len(known) < len(texts):
            known = np.concatenate((known, self.texts.numbers(texts[len(known) :])))
            self._codes[field] = known
        return known

    def is_full(self) -> bool:
        return max(len(self.texts), len(self.items)) > _MOST_KEPT


class FactWriter:
    """Makes and encodes facts.

    Args:
        surroundings: What facts look up.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings
        self._write = RowWriter(Topic.RATED_SERVICE.subject, {"score_since": SCORES}).write
        self._memory = _Memory(surroundings)

    def facts(self, changes: Changes, texts: Mapping[str, Sequence[str | None]]) -> FactBundle:
        """Every fact of the sheets.

        Args:
            changes: The sheets.
            texts: The text behind each code of the states, by field.
        """
        if not changes.sheets:
            return FactBundle((), ())
        if self._memory.is_full():
            self._memory = _Memory(self._around)
        groups = _Groups.of(changes.sheets)
        owners, sizes = np.array(groups.owners), list(map(len, groups.items))
        group_of = np.repeat(np.arange(len(owners)), sizes)
        sheet_of = owners[group_of]
        items = self._memory.items.chosen(list(chain.from_iterable(groups.items)))
        revision, submitted_at, phase, has_comment, has_contact = _numbers(groups.revisions)
        contexts = self._contexts(changes, texts)
        own = _OwnTexts(changes.sheets, groups.revisions, len(group_of))
        states = np.where(changes.states.known > 0, _STATES.index(MatchState.MATCHED), _STATES.index("UNMATCHED"))
        columns: dict[str, Any] = {
            **{name: column[sheet_of] for name, column in contexts.items()},
            **items.columns(submitted_at[group_of]),
            "fact_id": -1 - np.arange(len(group_of)),
            "version": np.array(changes.versions)[sheet_of],
            "state": np.where(groups.superseded, _STATES.index(MatchState.SUPERSEDED), states[owners])[group_of],
            "sheet_id": own.sheets[sheet_of],
            "revision": revision[group_of],
            "declaration_no": own.declarations[group_of],
            "submitted_at": submitted_at[group_of],
            "phase": phase[group_of],
            "score_since": _since(groups.since, items.score, submitted_at[group_of]),
            "has_comment": has_comment[group_of],
            "has_contact": has_contact[group_of],
            "tax_code": np.where(own.taxes == ABSENT, contexts["tax_code"][owners], own.taxes)[group_of],
        }
        ids = self._ids(changes.sheets, sheet_of, items, own.texts)
        kept = self._memory.texts.texts
        return FactBundle(items.keys(), self._write(len(group_of), columns, kept, own.texts.behind(ids)))

    def _contexts(self, changes: Changes, texts: Mapping[str, Sequence[str | None]]) -> dict[str, Column]:
        """The declarations as of the latest revision of each sheet, in the numbers of kept texts."""
        around, memory = self._around, self._memory
        as_of = np.array([sheet.latest.submitted_at for sheet in changes.sheets], np.int64)
        found = contexts_of(changes.states, as_of, texts["office"], around.calendar, around.limits)
        return {
            **found._asdict(),
            "status": np.where(found.status == ABSENT, ABSENT, memory.statuses[found.status.clip(0)]),
            "declaration_office": memory.numbers("office", texts["office"])[found.declaration_office],
            "declaration_team": memory.numbers("team", texts["team"])[found.declaration_team],
            "channel": memory.numbers("channel", texts["channel"])[found.channel],
            "kind": memory.numbers("kind", texts["kind"])[found.kind],
            "tax_code": memory.numbers("tax_code", texts["tax_code"])[found.tax_code],
        }

    def _ids(self, sheets: Sequence[Sheet], sheet_of: Column, items: ChosenItems, texts: Texts) -> Texts:
        """The ids of the facts; the texts begin with those of the sheets."""
        keys = np.array([sheet.key for sheet in sheets], np.int64)[sheet_of]
        letters = np.empty(LETTERS * len(sheet_of), np.uint8)
        kept = self._memory.texts.texts
        name_uuids(_FACT_NAME, _SEPARATOR, KEY_DIGITS, keys, sheet_of, items.names, *texts, *kept, letters)
        return Texts(letters, np.arange(len(sheet_of) + 1) * LETTERS)


class _OwnTexts:
    """Texts that only these facts hold, numbered downwards behind the ids of the facts."""

    def __init__(self, sheets: Sequence[Sheet], revisions: Sequence[Revision], facts: int) -> None:
        taxes = [revision.tax_code for revision in revisions]
        named = np.array(list(map(bool, taxes)))
        numbers = -1 - facts - np.arange(len(sheets) + len(revisions) + int(named.sum()))
        self.sheets, self.declarations, of_taxes = np.split(numbers, (len(sheets), len(sheets) + len(revisions)))
        self.taxes = np.full(len(revisions), ABSENT)
        self.taxes[named] = of_taxes
        texts = (
            (sheet.sheet_id for sheet in sheets),
            (revision.declaration_no for revision in revisions),
            filter(None, taxes),
        )
        self.texts = Texts.of(list(chain(*texts)))


def _numbers(revisions: Sequence[Revision]) -> Sequence[Column]:
    """What of revisions is a number: revision, submitted_at, phase, has_comment, has_contact."""
    revision, _crc, submitted_at, phase, _number, _tax, _items, comment, contact = zip(*revisions, strict=True)
    return [np.array(one, np.int64) for one in (revision, submitted_at, [*map(_PHASES.get, phase)], comment, contact)]


def _since(known: Mapping[int, Sequence[int]], scores: Column, submitted_at: Column) -> Column:
    """For each fact when its target had each score first; from its one revision where nothing else is known."""
    since = np.zeros((len(scores), SCORES), np.int64)
    since[np.arange(len(scores)), scores - 1] = submitted_at
    if known:
        since[list(known)] = list(known.values())
    return since


class FactBundle(Bundle):
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
        """As `Bundle.messages`."""
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
