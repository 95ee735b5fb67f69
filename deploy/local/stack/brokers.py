"""The broker of a stack: the embedded one (records in memory), or Apache Kafka (records on disk)."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

from deploy.local.broker_kind import Broker
from deploy.local.broker_ready import broker_answers
from deploy.local.kafka import java, storage
from deploy.local.kafka.configuration import choose_nodes
from deploy.local.kafka.jars import resolve
from deploy.local.stack.layout import Layout
from deploy.local.supervisor import ChildSpec
from deploy.local.tansu import STOP_SIGNAL, broker_command
from deploy.settings.variables import without_settings


def broker_child(
    broker: Broker,
    layout: Layout,
    address: str,
    *,
    after_start: Callable[[], None],
    clients: tuple[str, ...],
    tell: Callable[[str], None],
) -> ChildSpec:
    """The broker's process; its directory is prepared first.

    Args:
        broker: Which one.
        layout: Directory of the stack.
        address: `host:port` to listen on.
        after_start: Creates the topics.
        clients: Processes that use it.
        tell: Called with a line of progress.

    Raises:
        ConfigurationError: Java or Maven, which Apache Kafka needs, is missing.
        SystemFault: Apache Kafka cannot be fetched.
    """
    if broker is Broker.KAFKA:
        return _kafka_child(layout, address, after_start, tell)
    return _embedded_child(layout, address, after_start, clients)


def _embedded_child(
    layout: Layout, address: str, after_start: Callable[[], None], clients: tuple[str, ...]
) -> ChildSpec:
    """After a restart its topics are gone: they are created again, and its clients restart too."""
    return ChildSpec(
        name="broker",
        command=partial(broker_command, address, layout.broker),
        environment=without_settings(os.environ),
        ready=partial(broker_answers, address),
        after_start=after_start,
        dependents=clients,
        stop_signal=STOP_SIGNAL,
        stop_timeout_s=5,
    )


def _kafka_child(
    layout: Layout, address: str, after_start: Callable[[], None], tell: Callable[[str], None]
) -> ChildSpec:
    """After a restart it continues with its records: clients only wait for it."""
    jars = resolve(tell=tell)
    (node,) = choose_nodes(layout.kafka, 1, ports=(int(address.rpartition(":")[2]),))
    storage.prepare((node,), jars)
    return ChildSpec(
        name="broker",
        command=partial(storage.broker_command, node, jars),
        environment=java.environment(),
        ready=partial(broker_answers, address),
        after_start=after_start,
        ready_timeout_s=60,
    )
