"""The blocks of an Avro container file, with a way on after a damaged one.

A block ends with the file's sync marker. Where a block is no block, reading goes on after the next marker, so that
damage costs only what is damaged.

Source: Apache Avro 1.12 specification, "Object Container Files".
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from producers.files.avro_codecs import BAD_BLOCK, MAX_BLOCK_BYTES, reason_of

MAGIC, SYNC_BYTES = b"Obj\x01", 16
_LONGEST_LONGS = 20  # two numbers of 64 bits, seven bits a byte
_STEP = 1 << 16


@dataclass(frozen=True, slots=True)
class AvroBlock:
    """One block."""

    records: int
    data: bytes  # unpacked


@dataclass(frozen=True, slots=True)
class DamagedBlock:
    """A part of the file that is not read."""

    records: int | None  # how many records it held, if that is known
    reason: str  # for people
    goes_on: bool  # whether the file goes on behind it


class BlockReader:
    """Reads block after block.

    Args:
        content: The file, behind its header.
        sync: The file's marker.
        unpack: Unpacks the data of a block.
    """

    def __init__(self, content: io.BufferedReader[Any], sync: bytes, unpack: Callable[[bytes], bytes]) -> None:
        self._content = content
        self._sync = sync
        self._unpack = unpack
        self._ahead = bytearray()

    def next(self) -> AvroBlock | DamagedBlock | None:
        """The next block; None at the end of the file."""
        try:
            if not self._has(1):
                return None
            return self._block()
        except (OSError, EOFError, zlib.error):
            self._ahead.clear()
            return DamagedBlock(None, "the file is cut or damaged", goes_on=False)

    def _block(self) -> AvroBlock | DamagedBlock:
        self._has(_LONGEST_LONGS)
        if self._ahead.startswith(MAGIC):
            self._ahead.clear()
            return DamagedBlock(None, "another Avro file begins here: publish joined files one by one", goes_on=False)
        try:
            count, size, at = self._lengths()
        except ValueError as error:
            return self._skipped(str(error))
        whole = self._has(at + size + SYNC_BYTES)
        if self._ahead[at + size : at + size + SYNC_BYTES] != self._sync:
            return self._skipped(
                "its end is not where it should be" if whole else "the file is cut, or its length is wrong"
            )
        packed = bytes(self._ahead[at : at + size])
        del self._ahead[: at + size + SYNC_BYTES]
        try:
            return AvroBlock(count, self._unpack(packed))
        except BAD_BLOCK as error:
            return DamagedBlock(count, reason_of(error), goes_on=True)

    def _lengths(self) -> tuple[int, int, int]:
        """Number of records, size of their data, and where the data begin."""
        try:
            count, at = long_at(self._ahead, 0)
            size, at = long_at(self._ahead, at)
        except IndexError:
            raise ValueError("the file is cut") from None
        if count < 0 or size < 0:
            raise ValueError("its length is no number")
        if size > MAX_BLOCK_BYTES:
            raise ValueError(f"it is larger than {MAX_BLOCK_BYTES >> 20} MiB: write smaller blocks")
        return count, size, at

    def _skipped(self, reason: str) -> DamagedBlock:
        """Go on behind the next marker."""
        while (found := self._ahead.find(self._sync)) < 0:
            del self._ahead[: -SYNC_BYTES + 1]
            if not self._has(len(self._ahead) + _STEP) and self._sync not in self._ahead:
                self._ahead.clear()
                return DamagedBlock(None, reason, goes_on=False)
        del self._ahead[: found + SYNC_BYTES]
        return DamagedBlock(None, reason, goes_on=True)

    def _has(self, size: int) -> bool:
        """Read until so many bytes are there; False if the file ends before."""
        while len(self._ahead) < size:
            part = self._content.read(min(size - len(self._ahead), _STEP))
            if not part:
                return False
            self._ahead += part
        return True


def long_at(data: bytes | bytearray, at: int) -> tuple[int, int]:
    """The number at a position, and the position behind it.

    Raises:
        IndexError: The bytes end before.
        ValueError: It has more than 64 bits.
    """
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1), at
        shift += 7
        if shift > 63:
            raise ValueError("a number is longer than 64 bits")
