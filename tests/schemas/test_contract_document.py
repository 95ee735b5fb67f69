from __future__ import annotations

import re
from pathlib import Path

import pytest
from aiokafka.partitioner import murmur2
from support.events import item, rating

from schemas.catalogue import PINNED, latest
from schemas.codec.record import decoder
from schemas.errors import Reason
from schemas.evolution.compatibility import FINGERPRINTS
from schemas.keys import declaration_key
from schemas.records.events import Rating
from schemas.reference.tax_code import check_digit
from schemas.topics import Topic
from schemas.validation import rules

TEXT = (Path(__file__).parents[2] / "docs" / "contract.md").read_text(encoding="utf-8")
VECTOR = re.compile(r"\| `(\d{11})` \| `0x([0-9a-f]{8})` \| (\d+) \| (\d+) \|")


def test_the_worked_example_is_a_sheet() -> None:
    """The bytes of the document, joined, are read as the sheet that it describes, and the key is its key."""
    block = TEXT.split("```")[1]
    lines = [re.split(r"\s{3,}", line.strip())[0] for line in block.splitlines()[2:] if line.strip()]
    *body, key = lines
    sheet = rating("s-1", 1, 1_588_300_200_000, item(), item("TEAM", "01", 2, reason="SLOW"), tax_code="0200100107")
    assert Rating.from_avro(decoder(Topic.RATING.subject)(bytes.fromhex("".join(body)))) == sheet
    assert bytes.fromhex(key.removeprefix("key:")) == declaration_key(sheet.declaration_no)


def test_the_partitions_to_check_a_client_with_are_right() -> None:
    """An independent murmur2 gives the numbers of the table."""
    vectors = VECTOR.findall(TEXT)
    assert len(vectors) == 4
    for key, hashed, of_4, of_12 in vectors:
        number = murmur2(key.encode()) & 0xFFFFFFFF
        assert number == int(hashed, 16)
        assert [(number & 0x7FFFFFFF) % count for count in (4, 12)] == [int(of_4), int(of_12)]


def test_everything_that_has_a_name_is_explained() -> None:
    """Every topic with its id and its retention, every reason, and the limits."""
    for pinned in {latest(pinned.subject) for pinned in PINNED}:
        spec = Topic.of_subject(pinned.subject).value
        kept = "compacted" if spec.retention_days is None else f"≥ {spec.retention_days} d"
        rows = [line for line in TEXT.splitlines() if line.startswith(f"| `{pinned.subject}` | {pinned.schema_id} |")]
        assert rows, f"docs/contract.md has no row for {pinned.subject} with id {pinned.schema_id}"
        assert rows[0].endswith(f"| {kept} |")
    for reason in Reason:
        assert f"| `{reason}` |" in TEXT
    assert FINGERPRINTS in TEXT


@pytest.mark.parametrize(
    "words", [f"at most {rules.MAX_COMMENT} characters", f"at most {rules.MAX_CONTACT} bytes", "1 to 1000", "1 to 50;"]
)
def test_the_limits_are_those_of_the_rules(words: str) -> None:
    """The document and the rules name the same limits."""
    assert words in TEXT
    assert (rules.MAX_REVISION, rules.MAX_ITEMS) == (1000, 50)


def test_the_check_digit_is_that_of_the_rule() -> None:
    """The weights of the document give the digit that the code gives, for any first nine digits."""
    weights = {"₁₂₃₄₅₆₇₈₉".index(place) + 1: int(weight) for weight, place in re.findall(r"(\d+)·d([₁-₉])", TEXT)}
    assert sorted(weights) == list(range(1, 10))
    for number in ("020010010", "030058856", "123456789", "999999999"):
        digits = enumerate(map(int, number), 1)
        assert check_digit(number) == 10 - sum(weights[place] * digit for place, digit in digits) % 11
