"""A Kafka cluster on this machine, whose brokers can be stopped, killed and started one by one."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.kafka import java, storage
from deploy.local.kafka.configuration import Node
from deploy.local.kafka.jars import resolve
from deploy.local.readiness import broker_answers
from deploy.local.supervisor.child import bound_command
from schemas.errors import ConfigurationError, SystemFault
from support.polling import DEADLINE_S, Overdue, eventually

STOP_TIMEOUT_S = 30.0

_LAST_LINES = 8


def choose_nodes(directory: Path, brokers: int) -> tuple[Node, ...]:
    """The brokers of a cluster, on free ports.

    Raises:
        ConfigurationError: Neither 1 nor 3 brokers, or a directory that Kafka cannot use.
    """
    problems = []
    if brokers not in {1, 3}:
        problems.append(f"A local Kafka has 1 or 3 brokers, not {brokers}: two cannot survive the loss of one.")
    kept = len(sorted(directory.glob("broker-*/data")))
    if kept not in {0, brokers}:
        problems.append(f"{directory} holds a cluster of {kept} brokers, not {brokers}: name another directory.")
    if problems:
        raise ConfigurationError(problems)
    return tuple(Node(number, directory) for number in range(brokers))


class KafkaCluster:
    """One or three brokers of Apache Kafka on loopback ports, for as long as the `with` block lasts.

    Records, offsets and the cluster's id stay in the directory: the next cluster there continues with them, on other
    ports. A broker ends with the thread that started it, so start brokers in a thread that outlives their use.

    Args:
        directory: For records, settings and logs (`broker-N/broker.log`).
        brokers: 1, or 3, of which any one may fail.
        jars: Where Kafka's jars are kept; by default `var/kafka/jars` of the clone.
        tell: Called with a line of progress.

    Attributes:
        nodes: The brokers; `nodes[i].address` is the i-th one's `host:port`.
        bootstrap_servers: Addresses of all, joined by commas.

    Raises:
        ConfigurationError: Neither 1 nor 3 brokers, or the directory holds a cluster of another size.
    """

    def __init__(
        self,
        directory: Path,
        brokers: int = 1,
        *,
        jars: Path | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.nodes: tuple[Node, ...] = choose_nodes(directory, brokers)
        self.bootstrap_servers = ",".join(node.address for node in self.nodes)
        self._cache = jars
        self._tell = tell
        self._jars: Path | None = None
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        """Start all brokers and wait until all answer.

        Raises:
            ConfigurationError: Java or Maven is missing.
            SystemFault: A broker ended at once, or Maven cannot fetch Kafka.
            Overdue: A broker did not answer in time.
        """
        self._jars = resolve(self._cache, self._tell)
        storage.prepare(self.nodes, self._jars)
        try:
            for node in self.nodes:
                self.start(node.number)
            self.wait_ready()
        except BaseException:
            self._kill_all()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop all brokers: in order after an ordinary end, at once after an interrupt."""
        if kind is not None and not issubclass(kind, Exception):
            self._kill_all()
            return
        # All at once: stopped one by one, the last of three would wait for a majority that no longer exists.
        for process in self._processes.values():
            process.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT_S
        for number in list(self._processes):
            self._reap(number, deadline - time.monotonic())

    def pid(self, number: int) -> int | None:
        """Process id of a broker while it runs."""
        process = self._processes.get(number)
        return process.pid if process is not None and process.poll() is None else None

    def start(self, number: int) -> None:
        """Start a broker that does not run; `wait_ready` waits for it."""
        assert self._jars is not None, "the cluster is used outside its `with` block"
        if self.pid(number) is not None:
            return
        with self._log(number).open("ab") as output:
            self._processes[number] = subprocess.Popen(
                bound_command(storage.broker_command(self.nodes[number], self._jars)),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(java.environment()),
            )

    def stop(self, number: int) -> None:
        """Stop a broker in order (SIGTERM): it hands its partitions over first. Killed if it does not end in 30 s."""
        if (process := self._processes.get(number)) is not None:
            process.terminate()
            self._reap(number, STOP_TIMEOUT_S)

    def kill(self, number: int) -> None:
        """Kill a broker (SIGKILL)."""
        if (process := self._processes.get(number)) is not None:
            process.kill()
            self._reap(number, STOP_TIMEOUT_S)

    def wait_ready(self, timeout_s: float = DEADLINE_S) -> None:
        """Wait until every broker that was started answers and knows all others that were started.

        Raises:
            SystemFault: One has ended.
            Overdue: One does not answer in time.
        """
        for number in sorted(self._processes):
            try:
                eventually(partial(self._ready, number), f"broker {number} is ready", within_s=timeout_s)
            except Overdue as overdue:
                raise Overdue(f"{overdue}.{self._last_lines(number)}") from None

    def _ready(self, number: int) -> bool:
        if (status := self._processes[number].poll()) is not None:
            raise SystemFault(f"Kafka's broker {number} ended with status {status}.{self._last_lines(number)}")
        return broker_answers(self.nodes[number].address, tuple(self._processes))

    def _reap(self, number: int, timeout_s: float) -> None:
        process = self._processes.pop(number)
        try:
            process.wait(max(timeout_s, 0))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _kill_all(self) -> None:
        for number in list(self._processes):
            self.kill(number)

    def _log(self, number: int) -> Path:
        return self.nodes[number].directory / "broker.log"

    def _last_lines(self, number: int) -> str:
        lines = self._log(number).read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]
        return f" Its last lines, from {self._log(number)}:\n" + "\n".join(f"  | {line}" for line in lines)
