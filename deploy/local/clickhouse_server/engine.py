"""ClickHouse in this process: the library's `clickhouse local` in a thread."""

from __future__ import annotations

import base64
import ctypes
import os
import signal
import threading
import time
from pathlib import Path

from deploy.local.clickhouse_server.configuration import STATEMENTS, STOPPER
from schemas.http_client import HttpClient

_STOP_REQUEST_S = 5.0
_STOP_PAUSE_S = 1.0


class ServerEngine:
    """One running ClickHouse. A process can have one in its life.

    The thread's end is told by SIGTERM to this process, which must be blocked: so whoever waits for the signal wakes up
    for both.

    Args:
        library: The file of the library.
        config: Its config.xml.

    Attributes:
        error: Why it ended, in ClickHouse's words; empty while it runs, and if ClickHouse has printed it.
    """

    def __init__(self, library: Path, config: Path) -> None:
        loaded = ctypes.CDLL(str(library))
        self._result_error = loaded.chdb_result_error
        self._result_error.restype, self._result_error.argtypes = ctypes.c_char_p, (ctypes.c_void_p,)
        run = loaded.chdb_query_cmdline
        run.restype, run.argtypes = ctypes.c_void_p, (ctypes.c_int, ctypes.POINTER(ctypes.c_char_p))
        arguments = [
            *("clickhouse", f"--config-file={config}", f"--query={'; '.join(STATEMENTS)}"),
            *("--logger.console=1", "--logger.level=warning"),
        ]
        self._run, self._arguments = run, [os.fsencode(argument) for argument in arguments]
        self.error = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="clickhouse", daemon=True)

    def start(self) -> None:
        """Start it; it listens a moment later."""
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._thread.is_alive() and not self._ended.is_set()

    def stop(self, http_port: int, stopper_password: str, timeout_s: float) -> bool:
        """End all statements, the one that keeps it running included, and wait; returns whether it ended in time."""
        token = base64.b64encode(f"{STOPPER}:{stopper_password}".encode()).decode("ascii")
        client = HttpClient(_STOP_REQUEST_S, use_proxy=False)
        order = f"KILL QUERY WHERE user != '{STOPPER}' ASYNC".encode()
        deadline = time.monotonic() + timeout_s
        # Again and again: a server whose ports are not open yet does not hear it.
        while not self._ended.is_set() and time.monotonic() < deadline:
            client.send("POST", f"http://127.0.0.1:{http_port}/", order, {"Authorization": f"Basic {token}"})
            self._ended.wait(_STOP_PAUSE_S)
        return self._ended.is_set()

    def _work(self) -> None:
        result = self._run(len(self._arguments), (ctypes.c_char_p * len(self._arguments))(*self._arguments))
        said: bytes = (result and self._result_error(result)) or b""
        self.error = said.decode(errors="replace").partition(", Stack trace")[0]
        self._ended.set()
        os.kill(os.getpid(), signal.SIGTERM)
