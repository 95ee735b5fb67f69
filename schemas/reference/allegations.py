"""Words of comments that may point at an allegation. Source: `data/allegations.csv`; the list is ours.

A hit is a reason to read the comment, and never a finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from schemas.reference.tables import Confidence, data_text, parse_table
from schemas.reference.words import words_of

_FILE = "allegations.csv"
_COLUMNS = ("phrase", "kind", "exact", "name_en", "confidence", "source")
MAX_WORDS = 6
"""Of a phrase. Each may be typed with or without its marks, so a phrase has up to 64 spellings."""
MAX_PHRASES = 2_000

Words = tuple[str, ...]
"""Of a phrase, as `words_of` gives them: what makes two phrases one."""


class PhraseKind(StrEnum):
    """What a phrase points at; NONE: nothing, though words in it look like something."""

    PAYMENT = "PAYMENT"
    HARASSMENT = "HARASSMENT"
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class AllegationPhrase:
    """A phrase to look for in comments.

    Attributes:
        phrase: One to six words, with their marks.
        kind: What it points at.
        exact: Whether it must be written with its marks: without them it would be another phrase as well.
        name_en: Its meaning.
    """

    phrase: str
    kind: PhraseKind
    exact: bool
    name_en: str
    confidence: Confidence
    source: str

    @property
    def words(self) -> Words:
        """Its words."""
        return tuple(words_of(self.phrase))


def phrase_fault(phrase: str) -> str | None:
    """What is wrong with the text of a phrase."""
    if not phrase.isprintable() or not 1 <= len(words_of(phrase)) <= MAX_WORDS:
        return f"phrase {phrase!r} must have 1 to {MAX_WORDS} words"
    return None


def parse_allegations(text: str) -> Mapping[Words, AllegationPhrase]:
    """The phrases of a CSV text by their words. Raises ReferenceDataError where a row is wrong."""
    found: dict[Words, AllegationPhrase] = {}
    for row in parse_table(_FILE, text, _COLUMNS):
        if (fault := phrase_fault(row.text("phrase"))) is not None:
            raise row.fail(fault)
        one = row.record(AllegationPhrase)
        if one.words in found:
            raise row.fail(f"{one.phrase!r} stands twice")
        found[one.words] = one
    return found


@cache
def load_allegations() -> tuple[AllegationPhrase, ...]:
    """The phrases of the data file, in its order. Raises ReferenceDataError when it is broken."""
    return tuple(parse_allegations(data_text(_FILE)).values())


def content_of(phrases: Iterable[AllegationPhrase]) -> list[tuple[str, str, bool]]:
    """What decides about hits, in an order of its own: neither sources nor meanings."""
    return sorted((" ".join(one.words), str(one.kind), one.exact) for one in phrases)
