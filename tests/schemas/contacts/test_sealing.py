from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.contacts.envelope import is_sealed
from schemas.contacts.sealing import (
    Contact,
    SealBroken,
    SealingKeys,
    open_key,
    seal,
    seal_with_own_key,
    unseal,
)
from schemas.errors import ConfigurationError
from schemas.validation.rules import MAX_CONTACT

KEYS = SealingKeys("k1", {"k1": bytes(32)})
OTHER = SealingKeys("k1", {"k1": b"\x01" * 32})
NAME = "Nguyễn Thị Bích Ngọc"
SECRET = Contact(NAME, "0912 345 678")

printable = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40)


@given(st.none() | printable, printable, printable)
def test_what_is_sealed_can_be_opened(name: str | None, phone: str, sheet: str) -> None:
    """Any contact comes back whole, and has the form of an envelope."""
    envelope = seal(Contact(name, phone), sheet, KEYS)
    assert is_sealed(envelope)
    opened = unseal(envelope, sheet, KEYS)
    assert (opened.name, opened.phone) == (name, phone)


@given(st.data())
def test_a_changed_envelope_cannot_be_opened(data: st.DataObject) -> None:
    """Any changed byte, including the key's id, is noticed, and the error says nothing of the content."""
    envelope = bytearray(seal(SECRET, "s1", KEYS))
    envelope[data.draw(st.integers(0, len(envelope) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBroken) as error:
        unseal(bytes(envelope), "s1", KEYS)
    assert "Ngọc" not in str(error.value)
    assert error.value.__cause__ is None


def test_an_envelope_belongs_to_its_sheet_and_key() -> None:
    """Another sheet's, another key's and an unknown key's envelope stay closed, each with its reason."""
    envelope = seal(SECRET, "s1", KEYS)
    with pytest.raises(SealBroken, match="another sheet"):
        unseal(envelope, "s2", KEYS)
    with pytest.raises(SealBroken, match="another key"):
        unseal(envelope, "s1", OTHER)
    with pytest.raises(SealBroken, match="'k1', which is not known"):
        unseal(envelope, "s1", SealingKeys("k2", {"k2": bytes(32)}))


def test_sending_a_sheet_again_gives_the_same_bytes() -> None:
    """A replay changes nothing; other sheets and other contacts look different."""
    assert seal(SECRET, "s1", KEYS) == seal(SECRET, "s1", KEYS)
    assert len({seal(SECRET, "s1", KEYS), seal(SECRET, "s2", KEYS), seal(Contact("B", None), "s1", KEYS)}) == 3


def test_the_length_does_not_tell_the_name() -> None:
    """Short and longer names give envelopes of one size."""
    assert len({len(seal(Contact("x" * size, None), "s1", KEYS)) for size in range(1, 40)}) == 1


def test_the_longest_contact_fits() -> None:
    """A name of 200 characters of four bytes and the longest phone stay within the limit of validation."""
    widest = Contact("𠀀" * 200, "𠀀" * 40)
    assert len(seal(widest, "s1", SealingKeys("k" * 32, {"k" * 32: bytes(32)}))) <= MAX_CONTACT


def test_keys_rotate() -> None:
    """A new key in front seals; the old one still opens what it sealed."""
    old = seal(SECRET, "s1", KEYS)
    text = SealingKeys.generate().replace("k1:", "k2:") + "," + "k1:" + "A" * 43 + "="
    keys = SealingKeys.parse(text)
    assert keys.active == "k2"
    assert unseal(old, "s1", keys).name == NAME
    assert unseal(seal(SECRET, "s1", keys), "s1", keys).name == NAME


def test_nothing_secret_is_shown() -> None:
    """Neither keys nor names stand in any repr."""
    shown = repr(SECRET) + repr(KEYS) + str(SECRET) + f"{KEYS}"
    assert "Ngọc" not in shown
    assert "0912" not in shown
    assert "x00" not in shown


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", 1),
        ("secretkey", 1),
        ("k1:notbase64!", 1),
        ("k1:AAAA", 1),
        ("k 1:" + "A" * 43 + "=", 1),
        ("k1:x,k2,k3:y", 3),
        (("k1:" + "A" * 43 + "=,") * 2 + "k2:" + "A" * 43 + "=", 1),
    ],
)
def test_bad_keys_are_named_without_being_shown(text: str, problems: int) -> None:
    """All problems at once; never a part of a key."""
    with pytest.raises(ConfigurationError) as error:
        SealingKeys.parse(text)
    assert len(error.value.problems) == problems
    assert "secretkey" not in str(error.value)
    assert "notbase64" not in str(error.value)


@pytest.mark.parametrize(
    "clear", [b"", b"HS\x01", b"Nguyen Van A", b'{"name": "A"}', b"HS\x01\x02k1" + b"x" * 17, bytes(200)]
)
def test_clear_text_is_no_envelope(clear: bytes) -> None:
    """The form alone tells clear text apart, without any key."""
    assert not is_sealed(clear)


@pytest.mark.parametrize(
    "contact", [Contact(), Contact("", "1"), Contact("a\nb", None), Contact("x" * 201), Contact(None, "9" * 41)]
)
def test_contacts_that_break_a_rule_are_refused(contact: Contact) -> None:
    """The rule is named, the value is not."""
    with pytest.raises(ValueError, match="contact_") as error:
        seal(contact, "s1", KEYS)
    assert "999" not in str(error.value)


def test_a_contact_sealed_apart_opens_with_its_own_key_alone() -> None:
    """The sealing keys open the sheet's key, and only that opens the contact; each sheet and each time has another."""
    keys = SealingKeys.parse(SealingKeys.generate())
    contact = Contact("Nguyễn Văn A", "0912 345 678")
    envelope, key = seal_with_own_key(contact, "s-1", "103000000010", keys, 5)
    again, other = seal_with_own_key(contact, "s-1", "103000000010", keys, 5)
    assert unseal(envelope, "s-1", open_key(key, keys)) == contact
    assert (envelope != again, key.key_id != other.key_id) == (True, True)
    for wrong in (keys, open_key(other, keys)):
        with pytest.raises(SealBroken):
            unseal(envelope, "s-1", wrong)


@pytest.mark.parametrize(
    "change", [{"sheet_id": "s-2"}, {"key_id": "other"}, {"sealed_by": "k9"}, {"sealed_key": b"x" * 48}]
)
def test_a_key_that_was_changed_does_not_open(change: dict[str, Any]) -> None:
    """A key cut from another sheet, renamed, damaged, or sealed with a key that is not ours is refused."""
    keys = SealingKeys.parse(SealingKeys.generate())
    _envelope, key = seal_with_own_key(Contact("A", None), "s-1", "103000000010", keys, 5)
    with pytest.raises(SealBroken):
        open_key(replace(key, **change), keys)
