"""What the words of a comment point at."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.domain.join.allegations import AllegationFinder, kinds_of
from schemas.records.facts import Allegation
from schemas.reference.allegations import AllegationPhrase, PhraseKind, load_allegations
from schemas.reference.tables import Confidence
from schemas.reference.words import plain, words_of
from schemas.validation.rules import MAX_COMMENT

FINDER = AllegationFinder(load_allegations())
PAYMENT, HARASSMENT = (Allegation.PAYMENT,), (Allegation.HARASSMENT,)
BOTH = (*PAYMENT, *HARASSMENT)


def kinds(comment: str) -> tuple[Allegation, ...]:
    """What the phrases of the package find."""
    return kinds_of(FINDER.kinds_in(comment))


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("Cán bộ gợi ý tiền bồi dưỡng", PAYMENT),
        ("can bo goi y tien boi duong", PAYMENT),
        ("PHONG BÌ!", PAYMENT),
        ("phong bi", PAYMENT),
        ("phong  bì", PAYMENT),
        ("phong-bì", PAYMENT),
        ("phải kẹp phong_bì vào hồ sơ", PAYMENT),
        ("bị đòi hối lộ", PAYMENT),
        ("doi hoi lo", PAYMENT),
        ("vòi vĩnh", PAYMENT),
        ("nhũng nhiễu doanh nghiệp", HARASSMENT),
        ("nhung nhieu doanh nghiep", HARASSMENT),
        ("Gây khó dễ.", HARASSMENT),
        ("gay kho de", HARASSMENT),
        ("hạch sách, sách nhiễu", HARASSMENT),
        ("gay khó de", HARASSMENT),  # marks on some of the words
        ("không đưa phong bì thì bị hạch sách", BOTH),
        ("The officer asked for a bribe and harassed us", BOTH),
    ],
)
def test_allegations_are_found_with_and_without_marks(comment: str, expected: tuple[Allegation, ...]) -> None:
    """Capitals, punctuation, blanks, missing marks: whole words, in Vietnamese as it is typed."""
    assert kinds(comment) == expected


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "thủ tục nhanh, cán bộ nhiệt tình",
        "phòng bị",  # other marks
        "phong bị",
        "bôi đường",
        "nhưng nhiều",
        "nhưng nhiều lần phải chờ",
        "nhung nhieu lan phai cho",
        "hỏi lô hàng ở kho nào",
        "hoi lo hang o kho nao",
        "không gây khó dễ, không nhũng nhiễu",
        "khong gay kho de, khong nhung nhieu",
        "Không có hiện tượng nhũng nhiễu",
        "cán bộ đi lớp bồi dưỡng",
        "bồi dưỡng nghiệp vụ",
        "phong bìa",  # not the whole word
        "phongbì",
        "với tiền thuế",
        "voi tien thue",
        "tong tien thue",
        "giảm hồ sơ giấy",
        "giam ho so giay",
        "dầu bôi trơn",
        "nhìn chung chi cục làm tốt",
        "đồng hành doanh nghiệp",
    ],
)
def test_other_words_are_no_allegation(comment: str) -> None:
    """Words that fold alike, parts of words, training courses, and praise for what did not happen."""
    assert kinds(comment) == ()


def test_spellings_of_one_word_are_one() -> None:
    """Composed or decomposed, the tone on either vowel, capitals: the same words; other marks are other words."""
    for form in ("NFC", "NFD"):
        assert words_of(unicodedata.normalize(form, "ĐE DỌA,  đe doạ")) == words_of("đe dọa đe dọa")
    assert len({tuple(words_of(word)) for word in ("bì", "bi", "bị", "bỉ", "bĩ", "bí")}) == 6
    assert [plain(word) for word in words_of("Đưa phong bì lót tay, nhũng nhiễu, gợi ý")] == (
        ["dua", "phong", "bi", "lot", "tay", "nhung", "nhieu", "goi", "y"]
    )


def test_a_phrase_hides_only_what_begins_within_it() -> None:
    """Praise for one thing does not hide another, and the longest phrase at a word decides."""
    assert kinds("không vòi vĩnh nhưng hạch sách") == HARASSMENT
    assert kinds("không nhận phong bì, chỉ nhận tiền bồi dưỡng") == PAYMENT
    assert kinds("bồi dưỡng nghiệp vụ, rồi bồi dưỡng") == PAYMENT


def test_phrases_are_data() -> None:
    """What a finder looks for is what it is given, and its edition says whether two look for the same."""
    own = AllegationPhrase("xe ôm", PhraseKind.PAYMENT, True, "", Confidence.UNVERIFIED, "ours")
    finder = AllegationFinder([own])
    assert [finder.kinds_in(text) for text in ("xe ôm", "xe om", "phong bì")] == [1, 0, 0]
    editions = {AllegationFinder(some).edition for some in ((), (own,), load_allegations(), load_allegations()[::-1])}
    assert len(editions) == 3


def test_every_kind_of_phrase_is_a_kind_of_the_contract() -> None:
    """A phrase points at a kind that facts can name, or at none."""
    assert {*map(str, PhraseKind)} - {"NONE"} == {*map(str, Allegation)} - {"OTHER"}


@pytest.mark.parametrize(
    "text",
    [
        "a" * MAX_COMMENT,
        "không có hiện tượng " * (MAX_COMMENT // 20),
        "nhung nhieu " * (MAX_COMMENT // 12),
        "e" + "\u0323\u0301\u0300" * (MAX_COMMENT // 3),
        "\ufdfa" * MAX_COMMENT,
        "_" * MAX_COMMENT,
        "\U0001f44d " * (MAX_COMMENT // 2),
    ],
)
def test_no_text_takes_long(text: str) -> None:
    """The longest comments, made to hold the search up: thirty of each take less than three seconds."""
    before = time.process_time()
    for _ in range(30):
        FINDER.kinds_in(text)
    assert time.process_time() - before < 3


@given(st.text(max_size=60), st.sampled_from(load_allegations()))
def test_every_phrase_is_found_before_any_text(rest: str, one: AllegationPhrase) -> None:
    """Each phrase of the package, in capitals or decomposed letters too, whatever follows; and no text fails."""
    for form in (one.phrase, one.phrase.upper(), unicodedata.normalize("NFD", one.phrase)):
        found = kinds(f"{form} xyz {rest}")
        assert one.kind is PhraseKind.NONE or Allegation(one.kind) in found
