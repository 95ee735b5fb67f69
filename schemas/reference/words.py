"""Words of a Vietnamese text, so that spellings of one word are equal.

One word is written in several ways: composed or decomposed letters, the tone on another vowel (`dọa`, `doạ`), capitals,
or without any mark at all (`phong bi`). The last is a spelling of several words, so it is asked for separately.
"""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile("[\\w\u0300-\u036f]+")
"""Letters, digits and their marks: one class, so that a text is read once, whatever it holds."""
_TONES = "\u0300\u0301\u0303\u0309\u0323"
"""Grave, acute, tilde, hook, dot below; circumflex, breve and horn make other letters."""
_WITHOUT_TONES = str.maketrans("", "", _TONES)
_WITHOUT_MARKS = {**dict.fromkeys(range(0x300, 0x370)), ord("đ"): "d"}


def words_of(text: str) -> list[str]:
    """The words of a text in order: lower case, letters decomposed, tones last. Anything else separates words."""
    spaced = text.lower().replace("_", " ")
    if spaced.isascii():
        return _WORD.findall(spaced)
    return [_tones_last(word) for word in _WORD.findall(unicodedata.normalize("NFD", spaced))]


def plain(word: str) -> str:
    """A word of `words_of` as it is typed without marks."""
    return word.translate(_WITHOUT_MARKS)


def _tones_last(word: str) -> str:
    tones = "".join(mark for mark in word if mark in _TONES)
    return word.translate(_WITHOUT_TONES) + tones if tones else word
