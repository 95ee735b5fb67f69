"""The file of phrases."""

from __future__ import annotations

import pytest

from schemas.reference.allegations import PhraseKind, load_allegations, parse_allegations
from schemas.reference.errors import ReferenceDataError
from schemas.reference.tables import Confidence

HEADING = "phrase,kind,exact,name_en,confidence,source\n"


def test_the_list_is_ours_and_says_so() -> None:
    """No phrase is presented as official, and both kinds have some in Vietnamese."""
    phrases = load_allegations()
    assert {(one.confidence, one.source) for one in phrases} == {(Confidence.UNVERIFIED, "ours")}
    for kind, word in ((PhraseKind.PAYMENT, "phong bì"), (PhraseKind.HARASSMENT, "nhũng nhiễu")):
        assert word in [one.phrase for one in phrases if one.kind is kind]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("...,PAYMENT,no,x,U,ours", ":2: phrase '...' must have 1 to 6 words"),
        ("a b c d e f g,PAYMENT,no,x,U,ours", "1 to 6 words"),
        ("a,THEFT,no,x,U,ours", "none of PAYMENT, HARASSMENT, NONE"),
        ("a,NONE,no,x,U,ours\nA,NONE,no,x,U,ours", ":3: 'A' stands twice"),
    ],
)
def test_a_wrong_row_is_named(row: str, words: str) -> None:
    """A row without words, with too many, of another kind or that stands twice."""
    with pytest.raises(ReferenceDataError, match=words.replace("...", r"\.\.\.")):
        parse_allegations(HEADING + row)
