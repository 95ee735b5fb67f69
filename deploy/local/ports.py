"""Free ports on the loopback interface."""

from __future__ import annotations

import random
import socket

_PORTS = range(20_000, 32_768)
"""Below those that the system gives to outgoing connections (32,768 and up on Linux, 49,152 and up elsewhere). On one
of theirs, a server that was killed may find its port taken when it comes back, even by a client that waits for it: a
connection from a port to itself succeeds."""

_ATTEMPTS = 100

_choice = random.SystemRandom()


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on.

    Another process could take it before its server starts; the server then fails at once and says so.
    """
    for _ in range(_ATTEMPTS):
        port = _choice.choice(_PORTS)
        if _can_bind(port):
            return port
    raise OSError(f"no free port on 127.0.0.1 in {_ATTEMPTS} attempts")


def listens(host: str, port: int) -> bool:
    """Whether a server accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def _can_bind(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
