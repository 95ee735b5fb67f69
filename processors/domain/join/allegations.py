"""Which kinds of allegation the words of a comment point at. The comment itself goes no further."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from itertools import product
from typing import Any

from schemas.records.facts import Allegation
from schemas.reference.allegations import AllegationPhrase, PhraseKind, content_of
from schemas.reference.words import plain, words_of

_KINDS = tuple(Allegation)
_BITS = {PhraseKind(kind.value): 1 << place for place, kind in enumerate(_KINDS) if kind is not Allegation.OTHER}
_END = ""
"""Under this key a node holds what its phrase points at; no word is empty."""


class AllegationFinder:
    """Looks for phrases in comments.

    Whole words count. A word with marks is only itself; a word without any is each word that is typed so. So `phong
    bì`, `phong bi` and `phòng bị` are told apart from each other as far as their letters do it.

    Args:
        phrases: What to look for.
    """

    def __init__(self, phrases: Iterable[AllegationPhrase]) -> None:
        known = tuple(phrases)
        self.edition = hashlib.sha256(json.dumps(content_of(known)).encode()).hexdigest()[:12]
        """Differs when the phrases do."""
        self._tree: dict[str, Any] = {}
        for one in known:
            for spelling in product(*({word} if one.exact else {word, plain(word)} for word in one.words)):
                node = self._tree
                for word in spelling:
                    node = node.setdefault(word, {})
                node[_END] = node.get(_END, 0) | _BITS.get(one.kind, 0)

    def kinds_in(self, comment: str) -> int:
        """The kinds as a bit set: bit 0 for the first kind of `Allegation`, and so on.

        At each word the longest phrase that begins there decides. One that points at nothing hides those that begin
        within it. The time is that of the words, each with those of one phrase: no text makes it longer.
        """
        words, found, first = words_of(comment), 0, 0
        while first < len(words):
            kinds, end = self._longest(words, first)
            found |= kinds
            first = first + 1 if kinds or not end else end
        return found

    def _longest(self, words: list[str], first: int) -> tuple[int, int]:
        """What the longest phrase from a word on points at, and the place after it; 0 and 0: none begins there."""
        node, kinds, end = self._tree, 0, 0
        for place in range(first, len(words)):
            if (following := node.get(words[place])) is None:
                break
            node = following
            if _END in node:
                kinds, end = node[_END], place + 1
        return kinds, end


def kinds_of(bits: int) -> tuple[Allegation, ...]:
    """The kinds of a bit set."""
    return tuple(kind for place, kind in enumerate(_KINDS) if bits >> place & 1)
