"""Starts, watches and stops a whole stack.

Order of a stop: producers, then workers, sink and webhook, then the servers. The embedded broker loses its records when
it stops, so the workers stop only when they have read everything, and the sink when everything is in ClickHouse. Each
wait is bounded; records that are lost by cutting it short are reported. A broker that keeps its topics needs no waits.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Self

import structlog

from deploy.admin.pipeline import pipeline_info
from deploy.admin.topics import ensure_topics
from deploy.local.broker_kind import Broker
from deploy.local.clickhouse_kind import ClickHouseKind
from deploy.local.stack.brokers import broker_child
from deploy.local.stack.clickhouses import clickhouse_child, refuse_other_data
from deploy.local.stack.flow import Flow
from deploy.local.stack.layout import Layout, secret_in, write_env_file
from deploy.local.stack.plan import Addresses, Endpoint, command_child, stack_variables
from deploy.local.stack.ports import CLICKHOUSE, CLICKHOUSE_HTTP, KAFKA, SERVERS, choose_ports
from deploy.local.supervisor import Supervisor, peak_rss_mib
from deploy.settings.alertmanager import AlertmanagerSettings
from deploy.settings.all_groups import GROUPS
from deploy.settings.clickhouse import ClickHouseSettings
from deploy.settings.kafka import KafkaSettings
from deploy.settings.load import check, load
from deploy.settings.reference import ReferenceSettings
from deploy.settings.retention import RetentionSettings
from deploy.settings.webhook import WebhookSettings
from schemas.contacts.sealing import SealingKeys
from schemas.errors import Unavailable

log = structlog.get_logger(__name__)

HEADING = "Settings of the stack that runs in this directory; made by `hailong up`, removed when it stops."
DRAIN_S = 60.0
"""How long a stop waits for the workers, and again for the sink."""


class Stack:
    """One stack, as a context manager: it locks the directory; on exit all its processes are stopped.

    Args:
        layout: Its directory.
        variables: The user's settings; those of Kafka and ClickHouse are replaced by the embedded servers'.
        workers: How many worker processes.
        broker: Which broker it starts.
        clickhouse: Which ClickHouse it starts.
        ports: Ports of servers that a person named, by their names in `deploy.local.stack.ports`.
        stopping: Whether a stop was requested.

    Raises:
        ConfigurationError: On entering: settings are invalid, or another stack runs in the directory.
    """

    def __init__(
        self,
        layout: Layout,
        variables: Mapping[str, str],
        *,
        workers: int = 1,
        broker: Broker = Broker.EMBEDDED,
        clickhouse: ClickHouseKind = ClickHouseKind.EMBEDDED,
        ports: Mapping[str, int | None] | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.layout = layout
        self._user = variables
        self._workers = workers
        self.broker = broker
        self.clickhouse_kind = clickhouse
        self._named_ports = ports or {}
        self._stopping = stopping
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        """Lock the directory, choose ports and passwords, write the settings file.

        Raises:
            ConfigurationError: The settings are invalid, a named port is taken, or the directory is in use or holds
                data of the other ClickHouse.
        """
        with self._exit:
            self._exit.enter_context(self.layout.locked())
            password = secret_in(self.layout.clickhouse_password)
            secret_in(self.layout.clickhouse_reader_password)
            refuse_other_data(self.clickhouse_kind, self.layout)
            workers = [f"worker-{number + 1}" for number in range(self._workers)]
            processes = [*workers, "sink", "webhook", "alertmanager"]
            ports = choose_ports([*SERVERS, *processes], self._named_ports, self.layout.ports)
            self.addresses = Addresses(ports[KAFKA], ports[CLICKHOUSE], ports[CLICKHOUSE_HTTP])
            self.variables = stack_variables(self.layout, self.addresses, self.broker, self.clickhouse_kind, self._user)
            self._make_sealing_keys()
            check(self.variables, GROUPS)
            wanted = self._optional_processes()
            self.endpoints = tuple(Endpoint(name, ports[name]) for name in processes if wanted.get(name, True))
            self.kafka = load(KafkaSettings, self.variables).connection()
            self.clickhouse = load(ClickHouseSettings, self.variables).connection()
            assert self.clickhouse.password == password
            write_env_file(self.layout.state_file, self.variables, HEADING)
            self._exit.callback(self.layout.state_file.unlink, missing_ok=True)
            self.supervisor = self._exit.enter_context(Supervisor(self.layout.logs, stopping=self._stopping))
            self._exit = self._exit.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop all processes without waiting for lag; remove the settings file, unlock the directory."""
        self._exit.__exit__(kind, error, trace)

    def start_servers(self, tell: Callable[[str], None] = lambda _: None) -> None:
        """Start broker and ClickHouse, create the topics, migrate the database.

        Args:
            tell: Called with a line of progress.

        Raises:
            ConfigurationError: Java or Maven is missing for Apache Kafka, or npm for a ClickHouse server.
            ChildFailed: A server does not start.
            SystemFault: A migration or a topic is refused.
        """
        from sinks.clickhouse.migrate import migrate  # noqa: PLC0415 heavy, and only needed here

        clients = tuple(endpoint.name for endpoint in self.endpoints)
        address, create = self.addresses.kafka, self._create_topics
        self.supervisor.start(
            broker_child(self.broker, self.layout, address, after_start=create, clients=clients, tell=tell),
            clickhouse_child(self.clickhouse_kind, self.layout, self.addresses, self.clickhouse, tell),
        )
        if not self._stopping():
            retention = load(RetentionSettings, self.variables).retention()
            migrate(self.clickhouse, load(ReferenceSettings, self.variables).data(), retention)

    def start_pipeline(self) -> None:
        """Start workers, sink and, if they are configured, webhook and Alertmanager delivery.

        Raises:
            ChildFailed: One of them does not start.
        """
        if not self._stopping():
            self.supervisor.start(
                *(command_child(self.layout, end, end.name.rstrip("-0123456789")) for end in self.endpoints)
            )

    def flow(self) -> Flow:
        """The lag of workers and sink, to be asked repeatedly."""
        return Flow(self.kafka, pipeline_info(self.variables))

    def stop(self, tell: Callable[[str], None]) -> None:
        """Stop in order and without loss; `tell` is called with each step."""
        workers = [end.name for end in self.endpoints if end.name.startswith("worker")]
        rest = [end.name for end in self.endpoints if end.name not in workers]
        if self.broker.keeps_topics:
            self._stop_all_of("workers", workers, tell)
            self._stop_all_of("sink", rest, tell)
        else:
            with self.flow() as flow:
                self._drain("workers", flow.worker_lag, workers, tell)
                self._drain("sink", flow.sink_lag, rest, tell)
        tell("Stopping ClickHouse and the broker")
        self.supervisor.stop_all()

    def peak_rss_mib(self) -> float | None:
        """Sum of the peak memory of all processes of the stack, this one included; None where /proc is missing."""
        children, own = self.supervisor.peak_rss_mib(), peak_rss_mib([os.getpid()])
        return None if children is None or own is None else children + own

    def _drain(self, what: str, lag: Callable[[], int], names: list[str], tell: Callable[[str], None]) -> None:
        if not any(name in self.supervisor.names for name in names):
            return
        deadline = time.monotonic() + DRAIN_S
        left: int | None = None
        while all(self.supervisor.pid(name) is not None for name in names):
            try:
                left = lag()
            except Unavailable as error:
                log.warning("drain_unknown", what=what, why=str(error))
                break
            if not left or time.monotonic() > deadline:
                break
            tell(f"Waiting for the {what}: {left:,} records left")
            time.sleep(0.5)
        if left:
            log.warning("drain_cut_short", what=what, records=left, after_s=DRAIN_S)
            tell(f"Stopped waiting for the {what} after {DRAIN_S:.0f} s: {left:,} records of the broker are lost")
        self._stop_all_of(what, names, tell)

    def _stop_all_of(self, what: str, names: list[str], tell: Callable[[str], None]) -> None:
        tell(f"Stopping the {what}")
        for name in reversed(names):
            self.supervisor.stop(name)

    def _create_topics(self) -> None:
        settings = load(KafkaSettings, self.variables)
        ensure_topics(self.kafka, partitions=settings.partitions, replication_factor=settings.replication_factor)

    def _make_sealing_keys(self) -> None:
        if self.variables.get("HAILONG_SEALING_KEYS_FILE") == str(self.layout.sealing_keys):
            secret_in(self.layout.sealing_keys, SealingKeys.generate)

    def _optional_processes(self) -> dict[str, bool]:
        """Processes that only some stacks have, and whether this one has them."""
        return {
            "webhook": load(WebhookSettings, self.variables).url is not None,
            "alertmanager": load(AlertmanagerSettings, self.variables).urls is not None,
        }
