"""The encodings of HTTP bodies: gzip, deflate, lz4 and zstd by header, ClickHouse's own blocks by argument."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing
from functools import partial
from typing import Any, Final

import cramjam
import lz4.frame

from deploy.local.clickhouse.compression import compress, frames
from deploy.local.clickhouse.errors import CANNOT_READ, UNKNOWN_METHOD, ServerError
from deploy.local.clickhouse.insert_spool import Spool
from deploy.local.clickhouse.pipes import written_by
from deploy.local.clickhouse.wire import Reader

PIECE: Final = 1 << 20
"""Bytes of one piece of a body at most."""

_ANSWERS: Final = ("lz4", "zstd", "gzip", "deflate")  # the fastest first
_LEVEL: Final = 1  # answers go over loopback
_BROKEN: Final = ServerError(UNKNOWN_METHOD, "Broken or incomplete compressed body (CANNOT_DECOMPRESS)")


def accepted(header: str) -> str:
    """The encoding of an answer to a client with this ``Accept-Encoding``; empty for none."""
    wanted = [part.strip().partition(";") for part in header.lower().split(",")]
    names = {name.strip() for name, _, weight in wanted if weight.replace(" ", "") not in ("q=0", "q=0.0")}
    return next((name for name in _ANSWERS if name in names), "")


def encoded(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The same bytes in one of the encodings of `accepted`, as they come; empty for none."""
    if not encoding:
        yield from pieces
        return
    packer: Any
    match encoding:
        case "lz4":
            packer = lz4.frame.LZ4FrameCompressor()
            yield packer.begin()
        case "zstd":
            packer = None
        case _:
            packer = zlib.compressobj(_LEVEL, wbits=zlib.MAX_WBITS | 16 if encoding == "gzip" else zlib.MAX_WBITS)
    for piece in pieces:
        # A zstd body may have many frames, one after another.
        yield packer.compress(piece) if packer else bytes(cramjam.zstd.compress(piece, level=_LEVEL))
    if packer:
        yield packer.flush()


def blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in ClickHouse's compressed blocks (``compress=1``)."""
    return map(compress, pieces)


def from_blocks(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The content of ClickHouse's compressed blocks (``decompress=1``).

    Raises:
        ServerError: a block is damaged, too large or incomplete.
    """
    reader = Reader(partial(next, pieces, b""))
    next_block = frames(reader)
    while True:
        try:
            reader.peek()
        except EOFError:
            return
        try:
            yield next_block()
        except EOFError as error:
            raise ServerError(CANNOT_READ, "Compressed body ends within a block (CANNOT_READ_ALL_DATA)") from error


def decoded(
    pieces: Iterator[bytes], encoding: str, spool: Callable[[], AbstractContextManager[Spool]]
) -> Iterator[bytes]:
    """The content of a body, in pieces of bounded size: a small body cannot make us allocate gigabytes.

    Args:
        pieces: of the body as it arrives.
        encoding: its ``Content-Encoding``.
        spool: where the compressed bytes are kept, if the encoding needs them all.

    Raises:
        ServerError: 89, unknown encoding, or broken compression.
    """
    match encoding:
        case "" | "identity":
            return pieces
        case "gzip" | "deflate":
            return _inflated(pieces)
        case "lz4":
            return _from_lz4(pieces)
        case "zstd":
            return _from_zstd(pieces, spool)
    text = f"Encoding {encoding[:50]} is not one of gzip, deflate, lz4 and zstd (UNKNOWN_COMPRESSION_METHOD)"
    raise ServerError(UNKNOWN_METHOD, text)


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # gzip or zlib, by its first bytes
    for piece in pieces:
        data = piece
        while data:
            try:
                yield unpack.decompress(data, PIECE)
            except zlib.error as error:
                raise _BROKEN from error
            data = unpack.unconsumed_tail
    yield unpack.flush()
    if not unpack.eof:
        raise _BROKEN


def _from_lz4(pieces: Iterator[bytes]) -> Iterator[bytes]:
    unpack = lz4.frame.LZ4FrameDecompressor()
    inside = True
    for piece in pieces:
        data, more = piece, True
        while more:
            try:
                content = unpack.decompress(data, max_length=PIECE)
            except (RuntimeError, EOFError) as error:
                raise _BROKEN from error
            yield content
            inside = not unpack.eof
            if inside:
                data, more = b"", not unpack.needs_input or len(content) == PIECE
            else:  # another frame may follow
                data, unpack = unpack.unused_data or b"", lz4.frame.LZ4FrameDecompressor()
                more = bool(data)
    if inside:
        raise _BROKEN


def _from_zstd(pieces: Iterator[bytes], spool: Callable[[], AbstractContextManager[Spool]]) -> Iterator[bytes]:
    # cramjam unpacks whole frames only, from file to file: from a spool into a pipe, so that memory stays bounded.
    with spool() as packed:
        for piece in pieces:
            packed.write(piece)

        def unpack(path: str) -> None:
            source = cramjam.File(packed.path, read=True, write=True, truncate=False)
            cramjam.zstd.decompress_into(source, cramjam.File(path, read=False, write=True, truncate=False))

        with closing(written_by(unpack)) as unpacked:
            try:
                yield from unpacked
            except cramjam.DecompressionError as error:
                raise _BROKEN from error
