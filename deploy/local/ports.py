"""Free ports on the loopback interface."""

from __future__ import annotations

import random
import socket
from contextlib import suppress

_PORTS = range(20_000, 32_768)
"""Below the ephemeral ports of outgoing connections (from 32,768 on Linux, from 49,152 elsewhere). A server on an
ephemeral port may find it taken after a restart, even by a client that tries to connect to it (a self-connection)."""

_ATTEMPTS = 100

_choice = random.SystemRandom()


def free_port() -> int:
    """A free TCP port on 127.0.0.1.

    Another process may take it before the server starts; the server then fails at once with an error.
    """
    for _ in range(_ATTEMPTS):
        port = _choice.choice(_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError(f"no free port on 127.0.0.1 in {_ATTEMPTS} attempts")


def why_taken(port: int) -> str | None:
    """Why a server cannot listen on this port of 127.0.0.1; None if it can.

    Connections of an earlier server that are still closing do not count: servers take the port all the same.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.strerror or str(error)
    return None


def listens(host: str, port: int) -> bool:
    """Whether a server accepts connections at this address."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
