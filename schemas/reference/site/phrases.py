"""The entries `[[allegation]]` of a site's file, laid over the phrases of the package."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from schemas.reference.allegations import MAX_PHRASES, AllegationPhrase, PhraseKind, Words, phrase_fault
from schemas.reference.errors import ReferenceDataError
from schemas.reference.toml_entries import TomlEntry

ALLEGATION_VALUES = ("phrase", "kind", "exact", "withdrawn")


@dataclass(frozen=True, slots=True)
class SitePhrase:
    """What one entry says: a phrase to look for, in place of the package's if it has it.

    Attributes:
        phrase: The phrase.
        withdrawn: Whether it is taken away instead.
    """

    phrase: AllegationPhrase
    withdrawn: bool


def read_allegation(entry: TomlEntry) -> SitePhrase:
    """The phrase of one entry. Raises ReferenceDataError when a value is wrong."""
    phrase, withdrawn = entry.text("phrase"), entry.flag("withdrawn")
    if (fault := phrase_fault(phrase)) is not None:
        raise entry.fail(fault)
    more = sorted(entry.values.keys() & {"kind", "exact"})
    if withdrawn and more:
        raise entry.fail(f"a phrase that is withdrawn cannot have {', '.join(more)}")
    kind = PhraseKind.NONE if withdrawn else entry.choice("kind", PhraseKind)
    made = AllegationPhrase(phrase, kind, entry.flag("exact"), "", entry.confidence(), entry.text("source"))
    return SitePhrase(made, withdrawn)


@dataclass(frozen=True, slots=True)
class LaidPhrases:
    """All phrases, the package's and the site's.

    Attributes:
        phrases: What is looked for, the package's first.
        changes: What the entries change, one sentence each.
        faults: What is wrong with them.
    """

    phrases: tuple[AllegationPhrase, ...]
    changes: Sequence[str]
    faults: Sequence[ReferenceDataError]


def lay_phrases(package: Iterable[AllegationPhrase], entries: Iterable[tuple[TomlEntry, SitePhrase]]) -> LaidPhrases:
    """The phrases of the package with those of a site over them."""
    known: dict[Words, AllegationPhrase] = {one.words: one for one in package}
    changes: list[str] = []
    faults: list[ReferenceDataError] = []
    seen: set[Words] = set()
    for entry, said in entries:
        one, words = said.phrase, said.phrase.words
        before = known.get(words)
        if words in seen:
            faults.append(entry.fail(f"phrase {one.phrase!r} stands in another entry, too"))
        elif said.withdrawn and before is None:
            faults.append(entry.fail(f"the package does not have the phrase {one.phrase!r}, so it cannot be withdrawn"))
        elif said.withdrawn:
            del known[words]
            changes.append(f"allegation: withdrew {one.phrase!r}")
        else:
            known[words] = one
            where = "" if before is None else f", now {_meaning(one)}"
            verb, meaning = ("added", _meaning(one)) if before is None else ("changed", _meaning(before))
            changes.append(f"allegation: {verb} {one.phrase!r}, {meaning}{where}")
        seen.add(words)
        if len(known) > MAX_PHRASES:
            faults.append(entry.fail(f"there are more than {MAX_PHRASES:,} phrases"))
            break
    return LaidPhrases(tuple(known.values()), changes, faults)


def _meaning(one: AllegationPhrase) -> str:
    return f"{one.kind}{' (exact)' if one.exact else ''}"
