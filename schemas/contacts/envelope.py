"""The outside of a sealed contact: what anybody may check without a key.

    0x48 0x53 0x01 | length of the key id (1 byte) | key id (ASCII) | synthetic IV (16 bytes) | ciphertext

Kept apart from the cryptography, so that validation can refuse a name in clear without loading it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAGIC = b"HS\x01"
"""Two letters and the version of the format. Clear text cannot begin so: the third byte is a control character."""

MAX_KEY_ID = 32
IV_BYTES = 16
BLOCK_BYTES = 64
"""Clear text is padded to a multiple of this, so that the length of a name cannot be read from outside."""

_KEY_ID = re.compile(rf"[0-9A-Za-z_-]{{1,{MAX_KEY_ID}}}", re.ASCII)

SEALED_WORDS = "must be sealed (docs/publishing.md): a name or phone in clear is never accepted"


@dataclass(frozen=True, slots=True)
class Envelope:
    """A sealed contact, taken apart.

    Attributes:
        key_id: Which key it was sealed with.
        sealed: Synthetic IV and ciphertext.
    """

    key_id: str
    sealed: bytes

    def to_bytes(self) -> bytes:
        """The envelope as it stands in the field `contact`."""
        return header(self.key_id) + self.sealed


def is_key_id(text: str) -> bool:
    """Whether a text can name a key: 1 to 32 letters, digits, `_` or `-`."""
    return _KEY_ID.fullmatch(text) is not None


def header(key_id: str) -> bytes:
    """The bytes in front of what is sealed; they are authenticated with it."""
    return MAGIC + bytes((len(key_id),)) + key_id.encode("ascii")


def read_envelope(contact: bytes) -> Envelope | None:
    """Take a sealed contact apart; None when it is not one."""
    if len(contact) <= len(MAGIC) or not contact.startswith(MAGIC):
        return None
    start = len(MAGIC) + 1
    end = start + contact[len(MAGIC)]
    key_id, sealed = contact[start:end].decode("ascii", "replace"), contact[end:]
    whole = len(sealed) > IV_BYTES and (len(sealed) - IV_BYTES) % BLOCK_BYTES == 0
    return Envelope(key_id, sealed) if whole and is_key_id(key_id) else None


def is_sealed(contact: bytes) -> bool:
    """Whether bytes have the form of a sealed contact: clear text by mistake is told apart without any key."""
    return read_envelope(contact) is not None
