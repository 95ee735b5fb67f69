"""The compressed frames of the native protocol: checksum, method, sizes, LZ4 body."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

import lz4.block
from clickhouse_cityhash.cityhash import CityHash128

from deploy.local.clickhouse.errors import CHECKSUM_MISMATCH, TOO_LARGE, UNKNOWN_METHOD, ProtocolError
from deploy.local.clickhouse.wire import Reader

_FRAME_BYTES: Final = 1 << 20  # the frame size that clients expect
_FRAME_LIMIT: Final = 256 << 20  # old clients send a whole block as one frame
_HEADER: Final = 9  # method, compressed size, plain size
_LZ4: Final = 0x82
_PLAIN: Final = 0x02


def _checksum(frame: bytes) -> bytes:
    digest = CityHash128(frame)
    return struct.pack("<QQ", digest >> 64, digest & (1 << 64) - 1)


def compress(data: bytes) -> bytes:
    """Compress bytes into LZ4 frames of at most 1 MiB each."""
    packed: list[bytes] = []
    for start in range(0, len(data), _FRAME_BYTES):
        piece = data[start : start + _FRAME_BYTES]
        body = lz4.block.compress(piece, store_size=False)
        frame = struct.pack("<BII", _LZ4, len(body) + _HEADER, len(piece)) + body
        packed += (_checksum(frame), frame)
    return b"".join(packed)


def frames(reader: Reader) -> Callable[[], bytes]:
    """A source of uncompressed bytes for a `Reader`, from the compressed frames of `reader`.

    Raises (the source does):
        ProtocolError: wrong checksum, unknown method, or a frame beyond the limit. Sizes are checked before
            memory is allocated: a small frame cannot make us allocate gigabytes.
    """

    def next_frame() -> bytes:
        checksum, head = reader.read(16), reader.read(_HEADER)
        method, packed, plain = struct.unpack("<BII", head)
        if not _HEADER <= packed <= _FRAME_LIMIT or plain > _FRAME_LIMIT:
            raise ProtocolError(TOO_LARGE, f"Frame of {packed} bytes for {plain} (TOO_LARGE_SIZE_COMPRESSED)")
        body = reader.read(packed - _HEADER)
        if _checksum(head + body) != checksum:
            raise ProtocolError(CHECKSUM_MISMATCH, "Checksum does not match (CHECKSUM_DOESNT_MATCH)")
        if method == _PLAIN:
            return body
        if method != _LZ4:
            raise ProtocolError(UNKNOWN_METHOD, "Only LZ4 is supported (UNKNOWN_COMPRESSION_METHOD)")
        try:
            data: bytes = lz4.block.decompress(body, uncompressed_size=plain)
        except lz4.block.LZ4BlockError as error:
            raise ProtocolError(UNKNOWN_METHOD, "Broken LZ4 frame (CANNOT_DECOMPRESS)") from error
        return data

    return next_frame
