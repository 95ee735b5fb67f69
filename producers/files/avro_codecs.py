"""The codecs of Avro container files, each with a limit to what a block may unpack to.

Source: Apache Avro 1.12 specification, "Required Codecs" and "Optional Codecs".
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Mapping

import cramjam

from schemas.codec.decompression import with_growing_buffer

MAX_BLOCK_BYTES = 64 << 20
"""Of one block, packed and unpacked. Writers end a block at 16 or 64 KiB, but polars writes a table as one block."""

_TOO_LARGE = f"it unpacks to more than {MAX_BLOCK_BYTES >> 20} MiB: write smaller blocks"
_CRC_BYTES = 4

BAD_BLOCK = (cramjam.DecompressionError, zlib.error, lzma.LZMAError, OSError, EOFError, ValueError)
"""What an unpacker raises for a block that is damaged or too large."""


def reason_of(error: Exception) -> str:
    """Why a block cannot be unpacked, for people."""
    return str(error) if isinstance(error, ValueError) else "its compressed data are damaged"


def _deflate(packed: bytes) -> bytes:
    return _all_of(zlib.decompressobj(-zlib.MAX_WBITS), packed)


def _bzip2(packed: bytes) -> bytes:
    return _all_of(bz2.BZ2Decompressor(), packed)


def _xz(packed: bytes) -> bytes:
    return _all_of(lzma.LZMADecompressor(memlimit=4 * MAX_BLOCK_BYTES), packed)


def _all_of(unpacker: zlib._Decompress | bz2.BZ2Decompressor | lzma.LZMADecompressor, packed: bytes) -> bytes:
    block = unpacker.decompress(packed, MAX_BLOCK_BYTES)
    if unpacker.eof:
        return block
    if len(block) >= MAX_BLOCK_BYTES:
        raise ValueError(_TOO_LARGE)
    raise EOFError


def _snappy(packed: bytes) -> bytes:
    body, checksum = packed[:-_CRC_BYTES], packed[-_CRC_BYTES:]
    size = cramjam.snappy.decompress_raw_len(body)
    if size > MAX_BLOCK_BYTES:
        raise ValueError(_TOO_LARGE)
    block = bytearray(size)
    if cramjam.snappy.decompress_raw_into(body, block) != size or zlib.crc32(block) != int.from_bytes(checksum):
        raise EOFError
    return bytes(block)


_grow_zstd = with_growing_buffer(cramjam.zstd.decompress_into, MAX_BLOCK_BYTES)


def _zstd(packed: bytes) -> bytes:
    try:
        return _grow_zstd(packed)
    except cramjam.DecompressionError as error:
        raise ValueError(f"its compressed data are damaged, or {_TOO_LARGE}") from error


UNPACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "null": bytes,
    "deflate": _deflate,
    "snappy": _snappy,
    "zstandard": _zstd,
    "bzip2": _bzip2,
    "xz": _xz,
}
"""By the name in the file's header."""
