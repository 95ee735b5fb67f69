"""Numbers and strings of the native protocol, read from an untrusted peer.

Memory is never allocated by a length that the peer *announces*: the buffer grows only by bytes that have arrived,
and only up to the limit of what is being read.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from deploy.local.clickhouse.errors import CANNOT_READ, TOO_LARGE, ProtocolError
from schemas.codec.varint import varint

STRING_LIMIT: Final = 64 << 10  # names, settings, passwords
_VARINT_BITS: Final = 63


def string(text: str | bytes) -> bytes:
    """Encode a string: its length in bytes, then the bytes (UTF-8 for text)."""
    data = text if isinstance(text, bytes) else text.encode()
    return varint(len(data)) + data


class Reader:
    """A cursor over bytes that arrive in pieces.

    Args:
        fill: returns the next bytes, blocking until there are some, or ``b""`` at the end of the stream.
        data: bytes that are already complete.

    Every read raises ``EOFError`` when the stream ends too early and `ProtocolError` beyond a limit.
    """

    def __init__(self, fill: Callable[[], bytes] = lambda: b"", data: bytes = b"") -> None:
        self._fill = fill
        # Complete data is not copied: only a stream needs a growing buffer.
        self._buffer: bytes | bytearray = data or bytearray()
        self._limit = 0
        self._keeping = False
        self.position = 0

    @property
    def pending(self) -> bool:
        """Whether the buffer holds unread bytes."""
        return self.position < len(self._buffer)

    def keep(self, limit: int) -> None:
        """Keep all bytes read from here on, at most `limit`; positions restart at zero."""
        self._compact()
        self._keeping, self._limit = True, limit

    def release(self) -> None:
        """Stop keeping: bytes already read may be dropped."""
        self._keeping = False

    def view(self) -> memoryview:
        """The kept bytes. Release the view before the next read: a viewed buffer cannot grow."""
        return memoryview(self._buffer)

    def _compact(self) -> None:
        if self.position:
            if isinstance(self._buffer, bytes):
                self._buffer = self._buffer[self.position :]
            else:
                del self._buffer[: self.position]
            self.position = 0

    def _need(self, count: int) -> None:
        """Make sure that `count` bytes follow the cursor."""
        if self._keeping and self.position + count > self._limit:
            raise ProtocolError(TOO_LARGE, f"Block is larger than {self._limit} bytes (TOO_LARGE_ARRAY_SIZE)")
        if self.position + count <= len(self._buffer):
            return
        if not self._keeping:
            self._compact()
        while len(self._buffer) < self.position + count:
            more = self._fill()
            if not more:
                raise EOFError("the peer closed the connection")
            self._buffer += more

    def peek(self) -> int:
        """The next byte, without consuming it."""
        self._need(1)
        return self._buffer[self.position]

    def skip(self, count: int) -> None:
        """Skip `count` bytes; the count must be bounded, by the caller or by `keep`."""
        self._need(count)
        self.position += count

    def read(self, count: int) -> bytes:
        """The next `count` bytes; a small number that does not come from the peer."""
        self.skip(count)
        return bytes(self._buffer[self.position - count : self.position])

    def uint64(self) -> int:
        """The next eight bytes as a little-endian unsigned number."""
        self.skip(8)
        return self.uint64_before()

    def uint64_before(self) -> int:
        """The eight bytes just passed, as a number: the last offset of an array column."""
        number: int = struct.unpack_from("<Q", self._buffer, self.position - 8)[0]
        return number

    def varint(self) -> int:
        """The next number of the protocol.

        Raises:
            ProtocolError: it has more than 64 bits.
        """
        number = shift = 0
        while True:
            self._need(1)
            byte = self._buffer[self.position]
            self.position += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
            shift += 7
            if shift > _VARINT_BITS:
                raise ProtocolError(CANNOT_READ, "Number has more than 64 bits (CANNOT_READ_ALL_DATA)")

    def raw_string(self, limit: int = STRING_LIMIT) -> bytes:
        """The next string as bytes.

        Raises:
            ProtocolError: it announces more than `limit` bytes.
        """
        length = self.varint()
        if length > limit:
            raise ProtocolError(TOO_LARGE, f"String of {length} bytes is too large (TOO_LARGE_STRING_SIZE)")
        return self.read(length)

    def string(self, limit: int = STRING_LIMIT) -> str:
        """The next string as text; bytes that are no UTF-8 become replacement characters."""
        return self.raw_string(limit).decode(errors="replace")

    def skip_strings(self, count: int) -> None:
        """Skip a column of `count` strings. Call `keep` first: the count comes from the peer.

        This loop dominates the cost of relaying, so a short string that is already in the buffer costs one
        comparison and one addition.
        """
        buffer, position, size = self._buffer, self.position, len(self._buffer)
        for _ in range(count):
            if position < size and (length := buffer[position]) < 0x80:
                position += length + 1
                continue
            self.position = position
            length = self.varint()
            position = self.position + length
            if position > self._limit:
                self._need(length)  # raises: beyond the limit
            size = len(self._buffer)
        self.position = position
        self._need(0)  # the last string may not have arrived yet
