"""Unpacks gzip as it comes.

Unlike `gzip.GzipFile`, this gives what a cut archive holds before it says that it is cut, and does not wait for a full
buffer of a slow writer.
"""

from __future__ import annotations

import io
import zlib
from typing import Any

from producers.files.byte_stream import RereadStream

_GZIP_FORMAT = 16 + zlib.MAX_WBITS
_PIECE = 1 << 14
"""What a damaged archive costs is at most one such piece, besides what lies behind the damage."""


class GzipStream(RereadStream):
    """The unpacked bytes of one or more gzip archives behind each other.

    Args:
        packed: The archives; reads of it may give less than was asked for.
    """

    def __init__(self, packed: io.BufferedReader[Any]) -> None:
        super().__init__()
        self._source = packed
        self._packed = b""
        self._unpacker = zlib.decompressobj(_GZIP_FORMAT)

    def close(self) -> None:
        """Close it, and what it reads from."""
        self._source.close()
        super().close()

    def _read(self, buffer: bytearray | memoryview) -> int:
        while True:
            if self._unpacker.eof and not self._next_archive():
                return 0
            part = self._unpacker.decompress(self._packed, len(buffer))
            self._packed = self._unpacker.unconsumed_tail
            if part:
                buffer[: len(part)] = part
                return len(part)
            if not self._packed and not self._unpacker.eof:
                self._packed = self._more()
                if not self._packed:
                    raise EOFError

    def _next_archive(self) -> bool:
        rest = self._unpacker.unused_data.lstrip(b"\x00")  # writers to tapes fill up with zeros
        while not rest:
            more = self._more()
            if not more:
                return False
            rest = more.lstrip(b"\x00")
        self._unpacker = zlib.decompressobj(_GZIP_FORMAT)
        self._packed = rest
        return True

    def _more(self) -> bytes:
        return self._source.read1(_PIECE)
