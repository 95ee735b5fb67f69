"""Decompression with a limit: a megabyte of packed zeros can be gigabytes."""

from __future__ import annotations

from collections.abc import Callable

import cramjam

_TYPICAL_RATIO = 8
_MIN_BUFFER = 64 * 1024


def with_growing_buffer(
    decompress: Callable[..., int], limit: int
) -> Callable[[bytes | bytearray | memoryview], bytes]:
    """A decompressor that retries with a larger buffer, up to the limit: the size is not known beforehand.

    Args:
        decompress: Unpacks its first argument into its second; returns the size. One of cramjam's `decompress_into`.
        limit: Bytes.

    Returns:
        A function that raises `cramjam.DecompressionError` for data that are damaged or unpack to more than the limit.
    """

    def unpack(packed: bytes | bytearray | memoryview) -> bytes:
        size = max(_MIN_BUFFER, _TYPICAL_RATIO * len(packed))
        while True:
            buffer = bytearray(min(size, limit))
            try:
                return bytes(memoryview(buffer)[: decompress(packed, buffer)])
            except cramjam.DecompressionError:
                if size >= limit:
                    raise
            size *= _TYPICAL_RATIO

    return unpack
