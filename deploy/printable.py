"""Texts from outside, made harmless for a terminal."""

from __future__ import annotations

import json
import unicodedata


def printable(text: str) -> str:
    """A text on one line: signs that would move the cursor, or the order of the text, are written as escapes."""
    return text if text.isprintable() else "".join(map(_shown, text))


def printable_json(text: str) -> str:
    """JSON on one line with the same values, in which such signs are escapes of JSON."""
    return text if text.isprintable() else "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in text)


def _shown(sign: str) -> str:
    if sign.isprintable():
        return sign
    return " " if unicodedata.category(sign) == "Zs" else sign.encode("unicode_escape").decode()
