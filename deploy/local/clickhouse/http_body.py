"""The body of an HTTP request, read in pieces of bounded size: the client cannot make us allocate memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from email.message import Message
from io import BufferedIOBase
from typing import Final

from deploy.local.clickhouse.errors import BAD_ARGUMENTS, TOO_LARGE, ServerError
from deploy.local.clickhouse.http_encoding import PIECE

BODY_LIMIT: Final = 4 << 30  # rows of an INSERT


def has_body(headers: Message) -> bool:
    """Whether the request has a body."""
    return headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in headers


def read_body(stream: BufferedIOBase, headers: Message) -> Iterator[bytes]:
    """The request's body as it was sent, in pieces of bounded size.

    Raises:
        ServerError: too large or malformed chunks.
        ConnectionError: the client disconnected early.
    """
    return _chunks(stream) if "chunked" in headers.get("Transfer-Encoding", "") else _plain(stream, headers)


def _plain(stream: BufferedIOBase, headers: Message) -> Iterator[bytes]:
    length = headers.get("Content-Length", "0")
    if not re.fullmatch(r"\d{1,12}", length) or int(length) > BODY_LIMIT:
        raise ServerError(TOO_LARGE, "Body is too large (TOO_LARGE_STRING_SIZE)")
    yield from _pieces(stream, int(length))


def _chunks(stream: BufferedIOBase) -> Iterator[bytes]:
    while True:
        head = stream.readline(100).split(b";")[0].strip()
        if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", head):
            raise ServerError(BAD_ARGUMENTS, "Malformed chunk (BAD_ARGUMENTS)")
        size = int(head, 16)
        if not size:
            break
        yield from _pieces(stream, size)
        stream.readline(3)
    while stream.readline(1000) not in (b"\r\n", b"\n", b""):
        pass


def _pieces(stream: BufferedIOBase, size: int) -> Iterator[bytes]:
    while size:
        piece = stream.read(min(size, PIECE))
        if not piece:
            raise ConnectionError("the client went away within its body")
        size -= len(piece)
        yield piece


def bounded(pieces: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """The same pieces; error 131 once their total exceeds `limit` bytes."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise ServerError(TOO_LARGE, f"Body has more than {limit} bytes (TOO_LARGE_STRING_SIZE)")
        yield piece
