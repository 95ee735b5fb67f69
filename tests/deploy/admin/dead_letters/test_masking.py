"""What of a refused record is shown, and what never is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.events import item, rating, status, value_of

from deploy.admin.dead_letters.entries import DeadLetterEntry
from deploy.admin.dead_letters.masking import decode_masked, describe_frame, describe_key, mask
from deploy.admin.dead_letters.private_file import write_private
from deploy.admin.dead_letters.reader import Contents
from deploy.errors import Mistake
from schemas.codec.record import pinned_only
from schemas.topics import Topic

AT = 1_588_300_200_000


def test_structure_is_shown_and_persons_are_not(entry: Callable[..., DeadLetterEntry]) -> None:
    """Codes, scores and times stay; comment, contact and free text are hidden with their size."""
    sheet = rating("Nguyen", 1, AT, item(score=9), comment="rất chậm", contact=b"0912345678")
    value = value_of(sheet, Topic.RATING)
    found: Any = decode_masked(Contents(entry(value_size=40), b"k", value), pinned_only)
    assert found["comment"] == "(personal: 8 characters, hidden)"
    assert found["contact"] == "(personal: 10 bytes, hidden)"
    assert found["sheet_id"] == "(6 characters, hidden)"
    assert found["submitted_at"] == "1588300200000 = 2020-05-01T02:30:00Z"
    assert (found["declaration_no"], found["phase"]) == ("103000000010", "AFTER_CLEARANCE")
    assert found["items"][0] == {
        "target": "OFFICE", "office": "03CC", "target_id": "03CC", "score": 9, "reason": None,
    }  # fmt: skip


def test_a_field_that_broke_a_rule_is_hidden(entry: Callable[..., DeadLetterEntry]) -> None:
    """The value of a field that broke its rule is hidden even if it looks like a code."""
    value = value_of(rating("s", 1, AT, item(), item("TEAM", "01")), Topic.RATING)
    broken = entry(reason="BAD_FIELD", detail="items[1].target_id must be a team")
    found: Any = decode_masked(Contents(broken, None, value), pinned_only)
    assert found["items"][1]["target_id"] == "(broke the rule: 2 characters, hidden)"
    assert found["items"][0]["target_id"] == "03CC"


def test_what_cannot_be_read_says_why(entry: Callable[..., DeadLetterEntry]) -> None:
    """Truncated, foreign and broken values give a sentence instead of a structure."""
    value = value_of(status("e", "REGISTERED", AT), Topic.DECLARATION_STATUS)
    for different, given_value, words in (
        ({"value_size": 50}, value, "only 40 of 50 bytes"),
        ({"topic": "foreign"}, value, "not one of hailong's"),
        ({"topic": "hailong.dead-letter.v1"}, value, "itself a dead letter"),
        ({}, value, "schema id 101 is not a schema of rating"),
        ({"topic": "hailong.declaration-status.v1"}, value[:-3], "cannot be read"),
    ):
        assert words in decode_masked(Contents(entry(**different), None, given_value), pinned_only)


def test_absurd_times_are_shown() -> None:
    """A time outside the calendar is shown as its number."""
    assert mask({"occurred_at": 1 << 62}) == {"occurred_at": f"{1 << 62} = not a valid date"}


@given(st.text(max_size=30), st.binary(max_size=40))
def test_hidden_texts_and_bytes_stay_hidden(text: str, data: bytes) -> None:
    """No part of a personal field, and no byte of an unreadable value, is ever shown."""
    shown = json.dumps(mask({"comment": "q" + text, "contact": b"q" + data}))
    assert shown == json.dumps(mask({"comment": "q" + "x" * len(text), "contact": b"q" + bytes(len(data))}))
    assert describe_frame(b"q" + data) == "no magic byte"
    assert describe_key(b"q" + data).endswith("not the first 11 digits of a declaration number")


def test_frames_and_keys_are_described() -> None:
    """A frame header is shown in hexadecimal, other first bytes only by kind, telephone numbers never."""
    assert describe_frame(b"\x00\x00\x00\x00\x66rest") == "00 00 00 00 66  (magic byte 0, schema id 102)"
    assert describe_frame(b'{"a": 1}') == "no magic byte; looks like JSON"
    assert describe_frame(b"\x00\x00") == "begins with the magic byte 0, without a schema id after it"
    assert describe_frame(b"") == "no value"
    assert (describe_key(None), describe_key(b"10300000001")) == ("none", "10300000001")
    assert "11 bytes, not shown" in describe_key(b"84912345678")


def test_raw_bytes_are_for_their_reader_alone(tmp_path: Path) -> None:
    """The file has mode 0600 and is new: an existing one keeps its own mode, so it is refused."""
    file = tmp_path / "raw"
    write_private(file, b"bytes")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"bytes", 0o600)
    with pytest.raises(Mistake, match="exists already"):
        write_private(file, b"more")
    with pytest.raises(Mistake, match="cannot be written"):
        write_private(tmp_path / "no" / "raw", b"more")
