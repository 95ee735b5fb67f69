"""ClickHouse in this process: the library's `clickhouse local` in a thread."""

from __future__ import annotations

import base64
import ctypes
import os
import signal
import threading
from pathlib import Path

from deploy.local.clickhouse_server.configuration import STATEMENTS, STOPPER
from schemas.http_client import HttpClient

_STOP_REQUEST_S = 5.0


class ServerEngine:
    """One running ClickHouse. A process can have one in its life.

    The thread's end is told by SIGTERM to this process, which must be blocked: so whoever waits for the signal wakes up
    for both.

    Args:
        library: The file of the library.
        config: Its config.xml.
    """

    def __init__(self, library: Path, config: Path) -> None:
        run = ctypes.CDLL(str(library)).chdb_query_cmdline
        run.restype, run.argtypes = ctypes.c_void_p, (ctypes.c_int, ctypes.POINTER(ctypes.c_char_p))
        arguments = [
            *("clickhouse", f"--config-file={config}", f"--query={'; '.join(STATEMENTS)}"),
            *("--logger.console=1", "--logger.level=warning"),
        ]
        self._run, self._arguments = run, [os.fsencode(argument) for argument in arguments]
        self._thread = threading.Thread(target=self._work, name="clickhouse", daemon=True)

    def start(self) -> None:
        """Start it; it listens a moment later."""
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return self._thread.is_alive()

    def stop(self, http_port: int, stopper_password: str, timeout_s: float) -> bool:
        """End all statements, the one that keeps it running included, and wait; returns whether it ended in time."""
        token = base64.b64encode(f"{STOPPER}:{stopper_password}".encode()).decode("ascii")
        # A server whose ports are not open yet, or which is overloaded, does not hear it.
        HttpClient(_STOP_REQUEST_S, use_proxy=False).send(
            "POST",
            f"http://127.0.0.1:{http_port}/",
            f"KILL QUERY WHERE user != '{STOPPER}' ASYNC".encode(),
            {"Authorization": f"Basic {token}"},
        )
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        self._run(len(self._arguments), (ctypes.c_char_p * len(self._arguments))(*self._arguments))
        os.kill(os.getpid(), signal.SIGTERM)
