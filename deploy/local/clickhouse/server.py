"""The listening server: two ports, a thread for each client, an orderly stop."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from functools import partial
from typing import Final

from deploy.local.clickhouse.connection import Connection
from deploy.local.clickhouse.engine import Engine
from deploy.local.clickhouse.errors import TOO_MANY_CLIENTS, ServerError
from deploy.local.clickhouse.http_api import serve_request
from deploy.local.clickhouse.http_sessions import HttpSessions
from deploy.local.clickhouse.native import serve_client

_STOP_SECONDS: Final = 5.0
Serve = Callable[[Engine, socket.socket], None]


class Server:
    """The open ports of an engine.

    Args:
        engine: serves all clients; the caller closes it after `stop`.
        host: the address to listen on. Traffic is not encrypted: keep it to loopback.
        port: native protocol.
        http_port: HTTP, or None for none.
        max_clients: simultaneous connections over both ports; further ones are refused with an error.

    Raises:
        OSError: a port is taken.
    """

    def __init__(self, engine: Engine, host: str, port: int, http_port: int | None, max_clients: int) -> None:
        self._engine = engine
        self._slots = threading.BoundedSemaphore(max_clients)
        self._clients: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._stopping = False
        self._listeners: list[tuple[socket.socket, Serve, Serve]] = []
        self._listen(host, port, serve_client, _turn_away_native)
        if http_port is not None:
            self._listen(host, http_port, partial(serve_request, HttpSessions(engine)), _turn_away_http)

    def _listen(self, host: str, port: int, serve: Serve, turn_away: Serve) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listener = socket.create_server((host, port), family=family, backlog=128)
        except OSError:
            for opened, *_ in self._listeners:
                opened.close()
            raise
        self._listeners.append((listener, serve, turn_away))

    @property
    def ports(self) -> list[int]:
        """The native port and the HTTP port; the real ones where 0 was given."""
        return [listener.getsockname()[1] for listener, *_ in self._listeners]

    def start(self) -> None:
        """Start accepting clients."""
        for listener, serve, turn_away in self._listeners:
            threading.Thread(target=self._accept, args=(listener, serve, turn_away), daemon=True).start()

    def _accept(self, listener: socket.socket, serve: Serve, turn_away: Serve) -> None:
        while not self._stopping:
            try:
                sock, _ = listener.accept()
            except OSError:
                if not self._stopping:
                    time.sleep(0.1)  # out of file descriptors: wait until clients disconnect
                continue
            if not self._slots.acquire(blocking=False):
                with sock, contextlib.suppress(OSError):
                    sock.settimeout(1)
                    turn_away(self._engine, sock)
                continue
            with self._guard:
                self._clients.add(sock)
            threading.Thread(target=self._serve, args=(serve, sock), daemon=True).start()

    def _serve(self, serve: Serve, sock: socket.socket) -> None:
        try:
            serve(self._engine, sock)
        except OSError:
            pass  # the client went away
        except Exception:  # noqa: BLE001 - one client's accident must not stop the others
            sys.stderr.write(f"client thread failed: {traceback.format_exc()}")
        finally:
            with self._guard:
                self._clients.discard(sock)
            sock.close()
            self._slots.release()

    def stop(self) -> None:
        """Stop accepting, disconnect the clients, and wait a few seconds for their running queries."""
        self._stopping = True
        self._engine.running.stop_watching()  # below we hang up, not the clients
        for listener, *_ in self._listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._guard:
            for sock in self._clients:
                with contextlib.suppress(OSError):
                    # Only the reading side: a query that is about to end can still send its answer.
                    sock.shutdown(socket.SHUT_RD)
        deadline = time.monotonic() + _STOP_SECONDS
        while self._clients and time.monotonic() < deadline:
            time.sleep(0.01)


def _turn_away_native(_engine: Engine, sock: socket.socket) -> None:
    text = "Too many simultaneous clients (TOO_MANY_SIMULTANEOUS_QUERIES)"
    Connection(sock).send_error(ServerError(TOO_MANY_CLIENTS, text))


def _turn_away_http(_engine: Engine, sock: socket.socket) -> None:
    sock.sendall(b"HTTP/1.1 503 Too many clients\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
