"""The embedded broker as a context manager: one on a free loopback port, for tests and benchmarks."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.ports import free_port
from deploy.local.readiness import broker_answers
from deploy.local.supervisor.child import bound_command
from deploy.local.tansu import STOP_SIGNAL, broker_command
from schemas.errors import SystemFault
from support.polling import Overdue, eventually


class EmbeddedBroker:
    """One broker on a free loopback port, for as long as the `with` block lasts.

    It also ends with the thread that entered the block: a killed test leaves no broker.

    Attributes:
        address: `host:port`.
    """

    def __init__(self, directory: Path) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it and wait until it answers.

        Raises:
            Overdue: It did not answer in time.
            SystemFault: It ended at once.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        log = self._directory / "broker.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                bound_command(broker_command(self.address, self._directory)),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        process = self._process
        try:
            eventually(lambda: process.poll() is not None or broker_answers(self.address), "the broker answers or ends")
        except Overdue:
            self.stop()
            raise
        if process.returncode is not None:
            raise SystemFault(f"the embedded broker ended with status {process.returncode}; see {log}")
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
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
