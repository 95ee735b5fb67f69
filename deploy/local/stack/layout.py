"""The directory of a stack: its files, who may read them, and the lock that lets only one stack use it."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import ConfigurationError


class Layout:
    """Paths below one directory, which must be absolute."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.logs = directory / "logs"  # output of each process
        self.clickhouse = directory / "clickhouse"  # the embedded ClickHouse's data; kept between starts
        self.clickhouse_server = directory / "clickhouse-server"  # settings and data of a real server; kept
        self.broker = directory / "broker"  # files of the embedded broker; its records are in memory
        self.kafka = directory / "kafka"  # Apache Kafka's records and settings; kept between starts
        self.snapshots = directory / "snapshots"  # of the workers' views; may be deleted at any time
        self.ports = directory / "ports.json"  # of all servers and processes; kept between starts
        # Settings by which other commands find the running stack; exists only while it runs.
        self.state_file = directory / "hailong.env"
        self.clickhouse_password = directory / "clickhouse.password"  # of user `default`; created once
        self.clickhouse_reader_password = directory / "clickhouse-reader.password"  # of the user who may only read
        # Keys that seal names and phones; created once. Without them contacts cannot be opened.
        self.sealing_keys = directory / "sealing.keys"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Create the directory and lock it for this process.

        Raises:
            ConfigurationError: Another stack runs there, or the directory cannot be written.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.directory / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigurationError([f"{self.directory} cannot be used: {error.strerror}."]) from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ConfigurationError(
                    [f"A stack already runs in {self.directory}: stop it, or name another directory with --dir."]
                ) from None
            yield
        finally:
            os.close(descriptor)


def secret_in(path: Path, create: Callable[[], str] = lambda: secrets.token_urlsafe(24)) -> str:
    """The secret in a file that only its owner can read; created if missing."""
    if not path.exists():
        write_private(path, create())
    return path.read_text(encoding="utf-8").strip()


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, atomically."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def write_env_file(path: Path, variables: Mapping[str, str], heading: str) -> None:
    """Write variables so that `deploy.settings` reads back the same values, whatever they contain."""
    lines = [f"# {line}" for line in heading.splitlines()]
    for name, value in sorted(variables.items()):
        quoted = value.replace("\\", "\\\\").replace("'", "\\'")
        lines.append(f"{name}='{quoted}'")
    write_private(path, "\n".join(lines) + "\n")
