"""Sealing contacts: name and phone of an enterprise's person travel encrypted and authenticated.

An envelope is the bytes `HLS1`, the length and text of the key's id, a 12-byte nonce, and AES-256-GCM ciphertext with
tag. The sheet's id is authenticated with it, so an envelope cannot be moved to another sheet.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.errors import ConfigurationError, HailongError

_MAGIC = b"HLS1"
_NONCE_BYTES = 12
_TAG_BYTES = 16
_KEY_BYTES = 32


class SealBroken(HailongError):
    """An envelope cannot be opened: wrong key, another sheet's, or changed bytes. Never says what is inside."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at an enterprise. Hidden in `repr`."""

    name: str = field(repr=False)
    phone: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealingKeys:
    """Keys by id; the active one seals, all of them open. Hidden in `repr`.

    Attributes:
        active: Id of the key that seals.
        keys: 32-byte keys by id, old ones kept for opening.
    """

    active: str
    keys: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> SealingKeys:
        """Keys from a setting: `id:base64,id:base64`, the first one active.

        Raises:
            ConfigurationError: The text is not of that form; keys are not repeated in the message.
        """
        keys: dict[str, bytes] = {}
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            name, _, encoded = part.partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                key = b""
            if not (0 < len(name.encode()) <= 32 and len(key) == _KEY_BYTES):
                raise ConfigurationError(["sealing keys must be written id:base64 with 32 bytes each, split by commas"])
            keys[name] = key
        if not keys:
            raise ConfigurationError(["at least one sealing key is needed"])
        return cls(next(iter(keys)), keys)

    @staticmethod
    def generate() -> str:
        """A fresh setting for `parse`."""
        return f"k1:{base64.b64encode(os.urandom(_KEY_BYTES)).decode()}"


def seal(contact: Contact, sheet_id: str, keys: SealingKeys) -> bytes:
    """Seal a contact for one sheet; every call gives another envelope."""
    nonce, name = os.urandom(_NONCE_BYTES), keys.active.encode()
    clear = json.dumps([contact.name, contact.phone], ensure_ascii=False).encode()
    sealed = AESGCM(keys.keys[keys.active]).encrypt(nonce, clear, sheet_id.encode())
    return _MAGIC + bytes([len(name)]) + name + nonce + sealed


def unseal(envelope: bytes, sheet_id: str, keys: SealingKeys) -> Contact:
    """Open an envelope.

    Raises:
        SealBroken: It cannot be opened.
    """
    if not is_sealed(envelope):
        raise SealBroken("the contact is not a sealed envelope")
    end = len(_MAGIC) + 1 + envelope[len(_MAGIC)]
    key = keys.keys.get(envelope[len(_MAGIC) + 1 : end].decode("utf-8", "replace"))
    if key is None:
        raise SealBroken("the contact was sealed with a key that is not known here")
    try:
        clear = AESGCM(key).decrypt(
            envelope[end : end + _NONCE_BYTES], envelope[end + _NONCE_BYTES :], sheet_id.encode()
        )
    except InvalidTag:
        raise SealBroken("the contact was sealed with another key, for another sheet, or was changed") from None
    name, phone = json.loads(clear)
    return Contact(name, phone)


def is_sealed(envelope: bytes) -> bool:
    """Whether bytes have the form of an envelope: clear text by mistake is told apart without any key."""
    head = len(_MAGIC) + 1
    if len(envelope) < head or envelope[: len(_MAGIC)] != _MAGIC:
        return False
    return len(envelope) >= head + envelope[len(_MAGIC)] + _NONCE_BYTES + _TAG_BYTES
