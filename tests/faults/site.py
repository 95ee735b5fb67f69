"""Everything that runs in one section: servers, topics, a database, workers, a sink and the load."""

from __future__ import annotations

import json
import os
import queue
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.clickhouse_server import answers
from support.polling import Overdue, eventually

from deploy.admin.topics import ensure_topics
from deploy.local.clickhouse_kind import ClickHouseKind
from deploy.local.ports import free_port
from deploy.local.stack.clickhouses import clickhouse_command
from deploy.local.supervisor.child import bound_command
from deploy.settings.variables import PREFIX
from faults.arming import CONTROL, Arsenal
from faults.children import Keeper
from faults.cluster import Cluster, open_cluster
from faults.disk import SnapshotDisk
from faults.progress import Progress, groups_of
from faults.schedule import Section
from processors.stages.catalogue import STAGES
from schemas.errors import Unavailable
from schemas.kafka.connection import KafkaConnection
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.migrate import migrate

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PARTITIONS = 4
SESSION_TIMEOUT_S = 6.0
CLICKHOUSE = "clickhouse"


class LoadProcess:
    """The load, as the harness commands it; see `faults.load`."""

    def __init__(self, environment: Mapping[str, str], seed: int, rate: int, log: Path) -> None:
        command = bound_command([sys.executable, str(HERE / "load.py"), str(seed), str(rate)])
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output, text=True
            )
        self._answers: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._listen, name="load", daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(json.loads(line))

    def say(self, command: str) -> None:
        """Send a command."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    def answer(self, timeout_s: float) -> dict[str, Any]:
        """The next answer.

        Raises:
            Overdue: None came in time.
        """
        try:
            return self._answers.get(timeout=timeout_s)
        except queue.Empty:
            state = "runs" if self._process.poll() is None else "is dead: see load.log"
            raise Overdue(f"the load, which {state}, did not answer within {timeout_s:g} s") from None

    def end(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


@dataclass(slots=True)
class Site:
    """A running section.

    Attributes:
        directory: Its logs and data.
        cluster: Kafka.
        brokers: How many there are.
        kafka: How to reach the topics.
        clickhouse: How to reach the database.
        keeper: Keeps ClickHouse, workers and sinks running.
        arsenal: Arms points.
        disk: Where snapshots go.
        progress: Looks at the consumer groups.
        load: The load.
        environment: Of workers and sinks.
        group_prefix: Prefix of the stages' consumer groups.
    """

    directory: Path
    cluster: Cluster
    brokers: int
    kafka: KafkaConnection
    clickhouse: ClickHouseConnection
    keeper: Keeper
    arsenal: Arsenal
    disk: SnapshotDisk
    progress: Progress
    load: LoadProcess
    environment: Mapping[str, str]
    group_prefix: str

    def start_process(self, kind: str, number: int) -> str:
        """Start a worker or a sink; its name."""
        name = f"{kind}-{number}"
        command = [sys.executable, str(HERE / "launch.py"), kind]
        self.keeper.start(name, command, self.environment, self.directory / f"{name}.log")
        return name

    def logs(self, kind: str) -> str:
        """Logs of all processes of a kind."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.directory.glob(f"{kind}-*.log")))

    def answers(self) -> bool:
        """Whether ClickHouse does."""
        return answers(self.clickhouse)

    def members(self, count: int) -> bool:
        """Whether every stage's group is stable with `count` members; False if Kafka does not answer."""
        try:
            found = [self.progress.members(f"{self.group_prefix}{stage.name}") for stage in STAGES]
        except Unavailable:
            return False
        return found == [count] * len(found)


@contextmanager
def open_site(
    directory: Path, section: Section, seed: int, rate: int, kind: ClickHouseKind, *, embedded: bool
) -> Iterator[Site]:
    """Start everything; stop all of it at the end of the block.

    Args:
        directory: For logs and data.
        section: Which section.
        seed: Of the load.
        rate: Of the load, events a second.
        kind: Which ClickHouse.
        embedded: The embedded broker instead of Apache Kafka.
    """
    directory.mkdir(parents=True, exist_ok=True)
    name = f"s{section.number}"
    arsenal = Arsenal(directory / "control")
    with ExitStack() as stack:
        disk = stack.enter_context(SnapshotDisk(directory / "snapshots", arsenal.directory))
        cluster = stack.enter_context(open_cluster(directory / "kafka", section.brokers, embedded=embedded))
        keeper = stack.enter_context(Keeper())
        kafka = KafkaConnection(
            cluster.bootstrap_servers, topic_prefix=f"{name}.", session_timeout_ms=int(SESSION_TIMEOUT_S * 1000)
        )
        ensure_topics(kafka, partitions=PARTITIONS, replication_factor=section.brokers)
        clickhouse = ClickHouseConnection(
            port=free_port(), user=kind.user, password=secrets.token_urlsafe(12), database=f"faults_{name}"
        )
        password = directory / "clickhouse-password"
        password.write_text(clickhouse.password)
        password.chmod(0o600)
        environment = _environment(kafka, clickhouse, directory, password, name)
        progress = stack.enter_context(Progress(kafka, groups_of(f"{name}.", f"{name}.sink")))
        command = clickhouse_command(kind, directory / "clickhouse", clickhouse.port, free_port(), password)
        keeper.start(CLICKHOUSE, command, environment, directory / "clickhouse.log")
        eventually(lambda: answers(clickhouse), "ClickHouse answers")
        migrate(clickhouse)
        load = LoadProcess(environment, seed + section.number, rate, directory / "load.log")
        stack.callback(load.end)
        load.answer(60)
        site = Site(
            directory=directory,
            cluster=cluster,
            brokers=section.brokers,
            kafka=kafka,
            clickhouse=clickhouse,
            keeper=keeper,
            arsenal=arsenal,
            disk=disk,
            progress=progress,
            load=load,
            environment=environment,
            group_prefix=f"{name}.",
        )
        site.start_process("sink", 1)
        for number in (1, 2):
            site.start_process("worker", number)
        yield site


def _environment(
    kafka: KafkaConnection, clickhouse: ClickHouseConnection, directory: Path, password: Path, name: str
) -> Mapping[str, str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "KAFKA_TOPIC_PREFIX": kafka.topic_prefix,
        "KAFKA_SESSION_TIMEOUT_MS": kafka.session_timeout_ms,
        "CLICKHOUSE_HOST": clickhouse.host,
        "CLICKHOUSE_PORT": clickhouse.port,
        "CLICKHOUSE_DATABASE": clickhouse.database,
        "CLICKHOUSE_USER": clickhouse.user,
        "CLICKHOUSE_PASSWORD_FILE": password,
        "WORKER_GROUP_PREFIX": f"{name}.",
        "WORKER_IDLE_ADVANCE_S": 2,
        # Measured in the time of the log: sheets without a declaration must be unmatched before a round is judged.
        "WORKER_GRACE_S": 5,
        "WORKER_COMMIT_INTERVAL_S": 0.5,
        "WORKER_SNAPSHOT_DIRECTORY": directory / "snapshots",
        "WORKER_SNAPSHOT_INTERVAL_S": 4,
        "SINK_GROUP": f"{name}.sink",
        "SINK_FLUSH_INTERVAL_S": 0.5,
        "SINK_COMMIT_INTERVAL_S": 0.5,
        "SINK_RETRY_MAX_S": 1,
        "HTTP_PORT": 0,
        "LOG_FORMAT": "json",
    }
    return {
        **inherited,
        **{f"{PREFIX}{key}": str(value) for key, value in settings.items()},
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
        "PYTHONUNBUFFERED": "1",
        CONTROL: str(directory / "control"),
    }
