"""One client's socket: packets in, packets out."""

from __future__ import annotations

import select
import socket
import struct
import time
from typing import Final

from clickhouse_driver.protocol import ClientPacketTypes, ServerPacketTypes

from deploy.local.clickhouse.blocks import NativeBlock, header_block, read_block
from deploy.local.clickhouse.compression import compress, frames
from deploy.local.clickhouse.counts import Counts
from deploy.local.clickhouse.engine import VERSION
from deploy.local.clickhouse.errors import ServerError
from deploy.local.clickhouse.packets import REVISION
from deploy.local.clickhouse.running import waiting
from deploy.local.clickhouse.wire import Reader, string
from schemas.codec.varint import varint

_RECEIVE_BYTES: Final = 256 << 10
_SEND_BYTES: Final = 64 << 10
_SEND_TIMEOUT: Final = struct.pack("ll", 300, 0)  # a client that stops reading must not hold its slot forever


class Connection:
    """A client's connection. `revision` and `compressed` are set once client and server have agreed on them."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _SEND_TIMEOUT)
        self._socket = sock
        self._poll = select.poll()  # select() accepts no descriptor above 1023, and the engine opens many files
        self._poll.register(sock, select.POLLIN)
        self._deadline: float | None = None
        self._out: list[bytes] = []
        self._out_bytes = 0
        self.reader = Reader(self._receive)
        self.revision = 0
        self.compressed = False

    def limit_time(self, seconds: float | None) -> None:
        """Set a total time limit for what the client sends next; None removes it."""
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._socket.settimeout(seconds)

    def _receive(self) -> bytes:
        if self._deadline is not None:
            # The remaining total, not a new limit for each read: a slow sender gets no extra time.
            self._socket.settimeout(max(self._deadline - time.monotonic(), 0.001))
        return self._socket.recv(_RECEIVE_BYTES)

    def has_input(self) -> bool:
        """Whether unread input, or the end of the stream, is waiting."""
        return self.reader.pending or bool(self._poll.poll(0))

    def abandons(self) -> bool:
        """Whether the client hung up or cancels, while its statement runs; may be asked by another thread.

        Raises:
            OSError: the connection is broken.
        """
        if not self.reader.pending:
            return waiting(self._socket) in (b"", bytes([ClientPacketTypes.CANCEL]))
        return bool(self.reader.peek() == ClientPacketTypes.CANCEL)

    def send(self, *parts: bytes) -> None:
        """Buffer bytes; they are sent when the buffer is full, or by `flush`."""
        self._out += parts
        self._out_bytes += sum(map(len, parts))
        if self._out_bytes > _SEND_BYTES:
            self.flush()

    def flush(self) -> None:
        """Send the buffered bytes."""
        data, self._out, self._out_bytes = b"".join(self._out), [], 0
        self._socket.sendall(data)

    def read_data(self) -> tuple[str, NativeBlock]:
        """Read the body of a Data packet: the name of the table it belongs to, and the block."""
        table = self.reader.string()
        reader = Reader(frames(self.reader)) if self.compressed else self.reader
        return table, read_block(reader, self.revision)

    def send_block(self, wire: bytes, kind: int = ServerPacketTypes.DATA) -> None:
        """Send a wire block. Profile events are never compressed."""
        body = compress(wire) if self.compressed and kind == ServerPacketTypes.DATA else wire
        self.send(varint(kind), string(""), body)

    def send_empty(self, kind: int = ServerPacketTypes.DATA) -> None:
        """Send a block without columns: the end of data, or no events."""
        self.send_block(header_block([], 0), kind)

    def send_hello(self, time_zone: str) -> None:
        """Answer the handshake."""
        parts = [varint(ServerPacketTypes.HELLO), string("ClickHouse"), *map(varint, (*VERSION[:2], REVISION))]
        if self.revision >= 54058:
            parts.append(string(time_zone))
        if self.revision >= 54372:
            parts.append(string("hailong embedded"))
        if self.revision >= 54401:
            parts.append(varint(VERSION[2]))
        if self.revision >= 54461:
            parts.append(varint(0))  # rules for passwords
        if self.revision >= 54462:
            parts.append(bytes(8))  # nonce for communication between servers
        self.send(*parts)
        self.flush()

    def send_error(self, error: ServerError) -> None:
        """Report an error; nothing else is sent for that query."""
        text = f"DB::Exception: {error.text}"
        code = struct.pack("<i", error.code)
        self.send(varint(ServerPacketTypes.EXCEPTION), code, string("DB::Exception"), string(text), string(""), b"\0")
        self.flush()

    def send_progress(self, counts: Counts) -> None:
        """Report rows and bytes read and written since the last report."""
        parts = [varint(ServerPacketTypes.PROGRESS), varint(counts.read_rows), varint(counts.read_bytes)]
        parts.append(varint(counts.total_rows_to_read))
        if self.revision >= 54463:
            parts.append(varint(0))  # total bytes to read: unknown
        if self.revision >= 54420:
            parts += (varint(counts.written_rows), varint(counts.written_bytes))
        if self.revision >= 54460:
            parts.append(varint(counts.elapsed_ns))
        self.send(*parts)

    def send_profile(self, rows: int, blocks: int, size: int) -> None:
        """Report the size of a result. Old clients abort unless "rows before limit" is flagged as computed."""
        self.send(varint(ServerPacketTypes.PROFILE_INFO), varint(rows), varint(blocks), varint(size), b"\0\0\1")

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
