"""Ids made by a kernel."""

from __future__ import annotations

import hashlib

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import ids
from schemas.keys import KEY_DIGITS
from schemas.vectorized.kernels.names import LETTERS, name_uuids, sha1
from schemas.vectorized.kernels.texts import Strings
from schemas.vectorized.string_dictionary import StringInterner

_LETTERS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=64)


@given(st.binary(max_size=300))
def test_the_digest_is_that_of_the_library(data: bytes) -> None:
    """Any length, whatever of the last block it fills."""
    room, digest = np.zeros(len(data) + 72, np.uint8), np.empty(5, np.uint64)
    room[: len(data)] = np.frombuffer(data, np.uint8)
    sha1(room, len(data), np.empty(80, np.uint64), digest)
    assert "".join(f"{word:08x}" for word in digest.tolist()) == hashlib.sha1(data, usedforsecurity=False).hexdigest()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**KEY_DIGITS - 1), _LETTERS, _LETTERS, _LETTERS, _LETTERS), max_size=9))
def test_ids_are_those_that_are_made_one_by_one(facts: list[tuple[int, str, str, str, str]]) -> None:
    """Keys with leading zeros, texts of any length."""
    kept = StringInterner()
    others = np.array([kept.intern(ids.fact_id_suffix(*rest)) for _key, _sheet, *rest in facts], np.int64)
    keys, letters = np.array([key for key, *_rest in facts], np.int64), np.empty(LETTERS * len(facts), np.uint8)
    sheets = Strings.of([sheet for _key, sheet, *_rest in facts])
    before, separator = np.frombuffer(ids.FACT_ID_PREFIX, np.uint8), ord(ids.SEPARATOR)
    name_uuids(before, separator, KEY_DIGITS, keys, np.arange(len(facts)), others, kept.strings, sheets, letters)
    expected = [ids.fact_id(f"{key:0{KEY_DIGITS}d}", *rest) for key, *rest in facts]
    assert letters.tobytes().decode() == "".join(expected)
