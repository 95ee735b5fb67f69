"""Sealing of names and phone numbers: authenticated encryption before a contact leaves its producer.

AES-256-SIV (RFC 5297), bound to the sheet: a contact copied to another sheet cannot be opened there. Deterministic on
purpose: the same sheet gives the same bytes, so a replay changes nothing, and there is no nonce that could repeat.
Reasons and drawbacks: docs/adr/0007-sealed-contacts.md.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from schemas.contacts.envelope import BLOCK_BYTES, Envelope, header, is_key_id, read_envelope
from schemas.errors import ConfigurationError, HailongError
from schemas.records.events import ContactKey

KEY_BYTES = 32
MAX_NAME = 200
MAX_PHONE = 40
_PURPOSE = b"hailong contact, AES-SIV, version 1"
_OF_KEY = b"hailong contact key, version 1"


class SealBroken(HailongError):
    """A sealed contact cannot be opened: other key, other sheet, or damaged. The message never shows contents."""


@dataclass(frozen=True, slots=True)
class Contact:
    """How an enterprise wishes to be reached; never shown in `repr`.

    Attributes:
        name: Name of a person, at most 200 characters; None where not given.
        phone: Phone number, at most 40 characters; None where not given.
    """

    name: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)

    def faults(self) -> list[tuple[str, str]]:
        """Broken rules as (field, rule), never with a value."""
        found = []
        for name, text, limit in (("contact_name", self.name, MAX_NAME), ("contact_phone", self.phone, MAX_PHONE)):
            if text is not None and not (0 < len(text) <= limit and text.isprintable()):
                found.append((name, f"must be 1 to {limit} printable characters"))
        if self.name is None and self.phone is None:
            found.append(("contact_name", "must be given, or contact_phone"))
        return found


@dataclass(frozen=True, slots=True)
class SealingKeys:
    """Sealing keys by id; hidden in `repr`. To rotate keys, put the new one first and keep the old ones.

    Attributes:
        active: Id of the key that seals.
        keys: All keys that open, 32 bytes each, by id.
    """

    active: str
    keys: Mapping[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse unusable keys and report all problems at once."""
        problems = [f"Sealing key id {number} must be 1 to 32 letters, digits, _ or -."
                    for number, key_id in enumerate(self.keys, 1) if not is_key_id(key_id)]  # fmt: skip
        problems += [f"Sealing key {number} must have {KEY_BYTES} bytes, it has {len(key)}."
                     for number, key in enumerate(self.keys.values(), 1) if len(key) != KEY_BYTES]  # fmt: skip
        if self.active not in self.keys:
            problems.append("The active sealing key is not among the keys.")
        if problems:
            raise ConfigurationError(problems)
        object.__setattr__(self, "keys", MappingProxyType(dict(self.keys)))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read keys from a setting: `id:base64`, separated by commas. The first key seals, all keys open.

        Raises:
            ConfigurationError: Lists every problem; never shows a part of a key.
        """
        keys: dict[str, bytes] = {}
        problems = []
        for number, entry in enumerate(text.strip().split(","), 1):
            key_id, colon, encoded = entry.strip().partition(":")
            if not colon:
                problems.append(f"Sealing key {number} must be written id:base64.")
                continue
            if key_id in keys:
                problems.append(f"Sealing key {number} repeats the id of an earlier one.")
            try:
                keys[key_id] = base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError):
                problems.append(f"Sealing key {number} is not base64.")
        if problems:
            raise ConfigurationError(problems)
        return cls(next(iter(keys)), keys)

    @staticmethod
    def generate() -> str:
        """A new random key in the form that `parse` reads."""
        return f"k1:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def seal(contact: Contact, sheet_id: str, keys: SealingKeys) -> bytes:
    """Seal a contact for one sheet with the active key; the same input gives the same bytes.

    Raises:
        ValueError: The contact breaks a rule; the message names the rule, never the value.
    """
    faults = contact.faults()
    if faults:
        raise ValueError("; ".join(f"{name} {rule}" for name, rule in faults))
    given = {"name": contact.name, "phone": contact.phone}
    clear = json.dumps(given, ensure_ascii=False, separators=(",", ":")).encode()
    padded = clear.ljust(-(-len(clear) // BLOCK_BYTES) * BLOCK_BYTES)  # JSON ignores trailing spaces
    sealed = _cipher(keys.keys[keys.active]).encrypt(padded, _bound_to(keys.active, sheet_id))
    return Envelope(keys.active, sealed).to_bytes()


def unseal(contact: bytes, sheet_id: str, keys: SealingKeys) -> Contact:
    """Open a sealed contact of a sheet.

    Raises:
        SealBroken: It is no sealed contact, its key is not ours, it belongs to another sheet, or was changed.
    """
    envelope = read_envelope(contact)
    if envelope is None:
        raise SealBroken("the contact is not a sealed envelope")
    bound = _bound_to(envelope.key_id, sheet_id)
    given = json.loads(_decrypted("the contact", envelope.sealed, bound, envelope.key_id, keys))
    return Contact(given["name"], given["phone"])


def seal_with_own_key(
    contact: Contact, sheet_id: str, declaration_no: str, keys: SealingKeys, now: int
) -> tuple[bytes, ContactKey]:
    """Seal a contact with a key of its own, and that key with the active one; destroying its own key erases it.

    Returns:
        The envelope, and the record for topic `contact-key`, without which nobody can open it.

    Raises:
        ValueError: The contact breaks a rule; the message names the rule, never the value.
    """
    own = SealingKeys(key_id := f"s{secrets.token_hex(15)}", {key_id: secrets.token_bytes(KEY_BYTES)})
    envelope = seal(contact, sheet_id, own)
    bound = [_OF_KEY, key_id.encode(), sheet_id.encode()]
    sealed_key = _cipher(keys.keys[keys.active]).encrypt(own.keys[key_id], bound)
    return envelope, ContactKey(key_id, sheet_id, declaration_no, now, keys.active, sealed_key)


def open_key(sealed: ContactKey, keys: SealingKeys) -> SealingKeys:
    """The own key of one sheet's contact, opened for `unseal`.

    Raises:
        SealBroken: The key that it was sealed with is not ours, or it was changed.
    """
    bound = [_OF_KEY, sealed.key_id.encode(), sealed.sheet_id.encode()]
    opened = _decrypted("the contact's key", sealed.sealed_key, bound, sealed.sealed_by, keys)
    return SealingKeys(sealed.key_id, {sealed.key_id: opened})


def _decrypted(what: str, sealed: bytes, bound: list[bytes], key_id: str, keys: SealingKeys) -> bytes:
    key = keys.keys.get(key_id)
    if key is None:
        raise SealBroken(f"{what} was sealed with key {key_id!r}, which is not known here")
    try:
        return _cipher(key).decrypt(sealed, bound)
    except InvalidTag:
        raise SealBroken(f"{what} was sealed with another key, for another sheet, or was changed") from None


@lru_cache(maxsize=16)
def _cipher(key: bytes) -> AESSIV:
    return AESSIV(HKDF(SHA256(), length=64, salt=None, info=_PURPOSE).derive(key))


def _bound_to(key_id: str, sheet_id: str) -> list[bytes]:
    return [header(key_id), sheet_id.encode()]
