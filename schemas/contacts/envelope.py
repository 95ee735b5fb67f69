"""The envelope of a sealed contact: its format can be checked without a key.

    0x48 0x53 0x01 | length of the key id (1 byte) | key id (ASCII) | synthetic IV (16 bytes) | ciphertext

Separate from `sealing`, so that validation can refuse clear text without loading the cryptography.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAGIC = b"HS\x01"
"""Two letters and the format version. No clear text begins like this: the third byte is a control character."""

MAX_KEY_ID = 32
IV_BYTES = 16
BLOCK_BYTES = 64
"""Clear text is padded to a multiple of this, so that its length does not show."""

_KEY_ID = re.compile(rf"[0-9A-Za-z_-]{{1,{MAX_KEY_ID}}}", re.ASCII)

SEALED_RULE = "must be sealed (docs/publishing.md): a name or phone in clear is never accepted"


@dataclass(frozen=True, slots=True)
class Envelope:
    """The parts of a sealed contact: the id of the key it was sealed with; synthetic IV and ciphertext."""

    key_id: str
    sealed: bytes

    def to_bytes(self) -> bytes:
        """The envelope as the field `contact` holds it."""
        return header(self.key_id) + self.sealed


def is_key_id(text: str) -> bool:
    """Whether a text can name a key: 1 to 32 letters, digits, `_` or `-`."""
    return _KEY_ID.fullmatch(text) is not None


def header(key_id: str) -> bytes:
    """The bytes before the sealed part; they are authenticated with it."""
    return MAGIC + bytes((len(key_id),)) + key_id.encode("ascii")


def read_envelope(contact: bytes) -> Envelope | None:
    """Parse a sealed contact; None when the bytes are not one."""
    if len(contact) <= len(MAGIC) or not contact.startswith(MAGIC):
        return None
    start = len(MAGIC) + 1
    end = start + contact[len(MAGIC)]
    key_id, sealed = contact[start:end].decode("ascii", "replace"), contact[end:]
    whole = len(sealed) > IV_BYTES and (len(sealed) - IV_BYTES) % BLOCK_BYTES == 0
    return Envelope(key_id, sealed) if whole and is_key_id(key_id) else None


def is_sealed(contact: bytes) -> bool:
    """Whether bytes have the form of a sealed contact: detects clear text sent by mistake, without any key."""
    return read_envelope(contact) is not None
