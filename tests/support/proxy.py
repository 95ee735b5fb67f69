"""A loopback TCP proxy that records what clients send and breaks connections where a test wants it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto

from deploy.local.ports import free_port

_CHUNK = 65_536
_END_OF_STREAM = b"\x05"
"""ClickHouse's end-of-stream packet; earlier packets report progress."""


class Fault(Enum):
    """What happens, once, to a statement with the marker."""

    CUT = auto()
    """The connection breaks in the middle of the client's data."""
    SWALLOW = auto()
    """The server receives and runs everything; its answer is dropped and the connection breaks."""
    SILENCE = auto()
    """As SWALLOW, but the connection stays open and silent."""


class Proxy:
    """Forwards one port to another.

    Args:
        target: Port on 127.0.0.1 that is forwarded to.
        marker: Bytes with which a statement of interest begins.

    Attributes:
        port: Port to connect to.
    """

    def __init__(self, target: int, marker: bytes) -> None:
        self.port = free_port()
        self._target = target
        self._marker = marker
        self._lock = threading.Lock()
        self._connections: list[_Connection] = []
        self._fault: tuple[Fault, int] | None = None
        self._listener = socket.create_server(("127.0.0.1", self.port))

    def arm(self, fault: Fault, after: int) -> None:
        """Let a fault happen to the next statement, once so many of its bytes have passed."""
        with self._lock:
            self._fault = (fault, after)

    @property
    def pending(self) -> bool:
        """Whether a fault is armed and has not happened."""
        with self._lock:
            return self._fault is not None

    def take_fault(self, sent: int) -> Fault | None:
        """The fault that is due after so many bytes of a statement."""
        with self._lock:
            if self._fault is None or sent < self._fault[1]:
                return None
            fault, self._fault = self._fault[0], None
            return fault

    @property
    def statements(self) -> list[bytes]:
        """What clients sent, from marker to marker or to the end of the connection, oldest connection first."""
        found: list[bytes] = []
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            parts = bytes(connection.sent).split(self._marker)
            found.extend(self._marker + part for part in parts[1:])
        return found

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return  # closed: the test is over
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                client.close()
                continue
            connection = _Connection(self, client, server, self._marker)
            with self._lock:
                self._connections.append(connection)
            connection.start()

    @contextmanager
    def running(self) -> Iterator[Proxy]:
        """Forward for as long as the block lasts."""
        thread = threading.Thread(target=self._accept, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            for connection in self._connections:
                connection.cut()
            thread.join()


class _Connection:
    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket, marker: bytes) -> None:
        self.sent = bytearray()
        self._proxy = proxy
        self._client = client
        self._server = server
        self._marker = marker
        self._answer: Fault | None = None

    def start(self) -> None:
        for work in (self._up, self._down):
            threading.Thread(target=work, daemon=True).start()

    def cut(self) -> None:
        for one in (self._client, self._server):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _up(self) -> None:
        with suppress(OSError):
            while data := self._client.recv(_CHUNK):
                self.sent += data
                begin = self.sent.rfind(self._marker)
                fault = self._proxy.take_fault(len(self.sent) - begin) if begin >= 0 else None
                if fault is Fault.CUT:
                    self._server.sendall(data[: len(data) // 2])
                    break
                # Set before the server can answer what is sent now.
                self._answer = fault or self._answer
                self._server.sendall(data)
        self.cut()

    def _down(self) -> None:
        with suppress(OSError):
            while data := self._server.recv(_CHUNK):
                if self._answer is None or not data.endswith(_END_OF_STREAM):
                    self._client.sendall(data)
                elif self._answer is Fault.SWALLOW:
                    break
        if self._answer is not Fault.SILENCE:
            self.cut()
