"""The engines that the SQL must pass on, installed side by side, and a server of each."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.clickhouse_server import answers
from support.polling import eventually

from deploy.local.ports import free_port
from deploy.local.supervisor.child import bound_command
from sinks.clickhouse.connection import ClickHouseConnection

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ROOT / "requirements" / "engines"
PROGRAM = Path(__file__).with_name("server_program.py")
INSTALLED = "26.9"
"""The engine that hailong itself comes with: requirements/all.lock has it."""


class EngineMissing(Exception):
    """An engine cannot be installed."""


@dataclass(frozen=True, slots=True)
class Engine:
    """One version of the engine, as a wheel of chDB has it.

    Attributes:
        name: The version's first two numbers.
        lock: File that pins the wheel; None: installed with hailong.
        directory: Where wheels are unpacked, each below its engine's name.
    """

    name: str
    lock: Path | None
    directory: Path

    def install(self) -> None:
        """Unpack the wheel, unless it is there.

        Raises:
            EngineMissing: pip cannot, and why.
        """
        if self.lock is None or (self._stamp.exists() and self._stamp.read_text() == self.lock.read_text()):
            return
        command = [
            *(sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet"),
            *("--no-deps", "--require-hashes", "--upgrade", "--target", str(self._place), "-r", str(self.lock)),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise EngineMissing(f"engine {self.name} ({self.lock.relative_to(ROOT)}): {done.stderr.strip()[-500:]}")
        self._stamp.write_text(self.lock.read_text())

    @property
    def _place(self) -> Path:
        return self.directory / self.name

    @property
    def _stamp(self) -> Path:
        return self.directory / f"{self.name}.installed"

    @contextmanager
    def server(self, data: Path) -> Iterator[ClickHouseConnection]:
        """A server with this engine on a directory, while the block lasts.

        Raises:
            EngineMissing: It ends at its start; the last lines of its log tell why.
        """
        port, log = free_port(), data / "server.log"
        data.mkdir(parents=True)
        path = [ROOT, ROOT / "tests"] if self.lock is None else [self._place, ROOT, ROOT / "tests"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
        command = [sys.executable, str(PROGRAM), "--path", str(data / "data"), "--port", str(port)]
        with log.open("wb") as output:
            process = subprocess.Popen(
                bound_command(command), cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        connection = ClickHouseConnection(port=port)
        try:
            eventually(lambda: process.poll() is not None or answers(connection), f"engine {self.name} answers or ends")
            if process.poll() is not None:
                raise EngineMissing(f"engine {self.name} does not start: {log.read_text()[-500:]}")
            yield connection
        finally:
            process.terminate()
            process.wait()


def engines(directory: Path) -> list[Engine]:
    """All engines, the oldest first.

    Args:
        directory: Where older ones are unpacked.
    """
    locks = {lock.stem: lock for lock in LOCKS.glob("*.lock")}
    return [Engine(name, locks.get(name), directory) for name in sorted({*locks, INSTALLED}, key=_number)]


def _number(name: str) -> tuple[int, ...]:
    return tuple(map(int, name.split(".")))
