"""The broker of a stack: the embedded one (records in memory), or Apache Kafka (records on disk)."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

from deploy.local.broker_kind import Broker
from deploy.local.kafka import java, storage
from deploy.local.kafka.configuration import Node
from deploy.local.kafka.jars import resolve
from deploy.local.readiness import broker_answers
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
    child = partial(ChildSpec, name="broker", ready=partial(broker_answers, address), after_start=after_start)
    if broker is Broker.KAFKA:
        # After a restart it continues with its records: clients only wait for it.
        jars = resolve(tell=tell)
        node = Node(0, layout.kafka, int(address.rpartition(":")[2]))
        storage.prepare((node,), jars)
        command = partial(storage.broker_command, node, jars)
        return child(command=command, environment=java.environment(), ready_timeout_s=60)
    return child(
        command=partial(broker_command, address, layout.broker),
        environment=without_settings(os.environ),
        dependents=clients,  # after a restart its topics are gone: they are created again, and its clients restart too
        stop_signal=STOP_SIGNAL,
        stop_timeout_s=5,
    )
