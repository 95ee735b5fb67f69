"""`hailong worker` with the stage `join` alone, as a user runs it, and its facts as they arrive."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition

from benchmarks.contenders.processes import Measured
from benchmarks.long_history import FactCheck
from processors.stages.catalogue import JOIN
from schemas.codec.record import decoder
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.group_lag import GroupLag
from schemas.topics import Topic

_ROOT = Path(__file__).resolve().parents[1]
_QUIET_S = 15.0
"""After all input is done: how long no fact may arrive before none is expected any more. Time advances every second."""


class JoinWorker:
    """A worker that keeps its snapshots, and whatever else it needs, in a directory of its own."""

    def __init__(self, connection: KafkaConnection, directory: Path, *, snapshot_interval_s: float = 30) -> None:
        self.directory = directory
        self.directory.mkdir(parents=True, exist_ok=True)
        self.log = directory.with_suffix(".log")
        environment = {
            **os.environ,
            "PYTHONPATH": str(_ROOT),
            "HAILONG_KAFKA_BOOTSTRAP_SERVERS": connection.bootstrap_servers,
            "HAILONG_KAFKA_TOPIC_PREFIX": connection.topic_prefix,
            "HAILONG_KAFKA_SESSION_TIMEOUT_MS": str(connection.session_timeout_ms),
            "HAILONG_WORKER_GROUP_PREFIX": connection.topic_prefix,
            # A restart within the session timeout gets its partitions at once.
            "HAILONG_WORKER_GROUP_INSTANCE_ID": directory.name,
            "HAILONG_WORKER_STAGES": JOIN.name,
            "HAILONG_WORKER_IDLE_ADVANCE_S": "1",
            "HAILONG_WORKER_SNAPSHOT_DIRECTORY": str(directory),
            "HAILONG_WORKER_SNAPSHOT_INTERVAL_S": str(snapshot_interval_s),
            "HAILONG_HTTP_PORT": "0",
        }
        self.process = Measured([sys.executable, "-m", "deploy.cli.main", "worker"], environment, self.log)

    def disk_mib(self) -> float:
        """What its directory takes on disk now."""
        return disk_mib(self.directory)

    def check(self) -> None:
        """Raise an error with the end of its log if it has ended."""
        if not self.process.running:
            raise RuntimeError(f"the worker ended: {self.log.read_text()[-3000:]}")

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.process.kill()


def disk_mib(directory: Path) -> float:
    """What a directory takes on disk; files may come and go meanwhile."""
    total = 0
    for folder, _folders, names in os.walk(directory):
        for name in names:
            try:
                total += (Path(folder) / name).stat().st_blocks * 512
            except FileNotFoundError:
                continue
    return total / 2**20


class FactsByRule:
    """Reads the facts of a history and judges them."""

    def __init__(self, connection: KafkaConnection, partitions: int, check: FactCheck) -> None:
        name = connection.topic_name(Topic.RATED_SERVICE)
        self._consumer = Consumer({**connection.consumer_config("bench-facts"), "fetch.wait.max.ms": 100})
        self._consumer.assign([TopicPartition(name, partition, 0) for partition in range(partitions)])
        self._read = decoder(Topic.RATED_SERVICE.subject)
        self.check = check
        self.read = 0

    def look(self, seconds: float) -> bool:
        """Read facts that have arrived, and wait so long for the first; whether there were any."""
        messages = self._consumer.consume(10_000, seconds)
        for message in messages:
            assert message.error() is None, message.error()
            self.check.add(self._read(message.value() or b""))
        self.read += len(messages)
        return bool(messages)

    def close(self) -> None:
        """Close the consumer."""
        self._consumer.close()


def until_done(
    connection: KafkaConnection, facts: FactsByRule, workers: list[JoinWorker], *, within_s: float
) -> tuple[float, float]:
    """Wait until a group has done all records and no more facts arrive.

    Returns:
        Seconds until the last record was done, or the last fact had arrived if that was later; and the largest size of
        the workers' directories meanwhile, MiB.
    """
    began = at = time.monotonic()
    disk, done = 0.0, False
    with GroupLag(connection, f"{connection.topic_prefix}{JOIN.name}", JOIN.inputs) as lag:
        while not done or time.monotonic() < at + _QUIET_S:
            for worker in workers:
                worker.check()
            if not done and lag.look().behind == 0:
                done, at = True, time.monotonic()
            if facts.look(0.5):
                at = time.monotonic()
            disk = max(disk, sum(worker.disk_mib() for worker in workers))
            if time.monotonic() > began + within_s:
                raise RuntimeError(f"not done in {within_s:g} s: {workers[0].log.read_text()[-3000:]}")
    return at - began, disk
