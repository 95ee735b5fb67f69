"""Texts as numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.vectorized.string_dictionary import StringDictionary

words = st.text(st.characters(max_codepoint=0x2FF, exclude_categories=["Cs"]), max_size=6)


def encoded(table: StringDictionary, texts: list[str | None]) -> list[str | None]:
    """Texts through the table and back; what it refuses is marked."""
    raw = [b"" if text is None else text.encode() for text in texts]
    sizes = np.array([-1 if text is None else len(one) for text, one in zip(texts, raw, strict=True)], np.int32)
    begins = np.cumsum([0, *map(len, raw)])[:-1].astype(np.int64)
    fit = np.ones(len(texts), np.bool_)
    codes = table.encode(np.frombuffer(b"".join(raw) + b"!", np.uint8), begins, sizes, fit)
    return [table.texts[code] if fine else "refused" for code, fine in zip(codes.tolist(), fit.tolist(), strict=True)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.none() | words, max_size=40), max_size=5))
def test_every_accepted_text_comes_back(batches: list[list[str | None]]) -> None:
    """Each gets a number of its own, for good; a refused one gets none, however often it is asked for."""
    table = StringDictionary(lambda text: "x" not in text)
    for batch in batches:
        expected = [text if text is None or "x" not in text else "refused" for text in batch]
        assert encoded(table, batch) == expected
    assert len({*table.texts}) == len(table.texts)
    assert StringDictionary(lambda _text: True, [text for text in table.texts if text is not None]).texts == table.texts


def test_texts_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should two texts ever have one hash, both are learned, and a refused one hides no good one for ever."""
    monkeypatch.setattr(
        "schemas.vectorized.string_dictionary.np.unique", lambda _asked, **_options: (None, np.array([0]))
    )
    table = StringDictionary(str.isdigit)
    assert encoded(table, ["1", "2", "3"]) == ["1", "2", "3"]


def test_thousands_of_texts_fit() -> None:
    """The table grows, and finds the old ones afterwards."""
    table, texts = StringDictionary(lambda _text: True), [f"0{number:09d}" for number in range(20_000)]
    assert encoded(table, list(texts)) == texts
    assert encoded(table, list(reversed(texts))) == texts[::-1]
    assert len(table) == 20_000


def test_bytes_that_are_no_text_are_refused() -> None:
    """Bytes that are not UTF-8 are refused whatever the rule accepts, and good texts beside them are learned."""
    table, fit = StringDictionary(lambda _text: True), np.ones(2, np.bool_)
    data = np.frombuffer("é".encode() + b"\xff", np.uint8)
    codes = table.encode(data, np.array([0, 2]), np.array([2, 1], np.int32), fit)
    assert (fit.tolist(), table.texts[codes[0]], len(table)) == ([True, False], "é", 1)
