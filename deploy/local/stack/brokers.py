"""The broker of a stack: the embedded one, which is there at once and forgets, or Apache Kafka, which does not."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

from deploy.local.broker_kind import Broker
from deploy.local.kafka import java, storage
from deploy.local.kafka.configuration import choose_nodes
from deploy.local.kafka.jars import resolve
from deploy.local.kafka.readiness import answers
from deploy.local.stack.layout import Layout
from deploy.local.supervisor import ChildSpec
from deploy.local.tansu import STOP_SIGNAL, broker_command, is_ready
from deploy.settings.variables import PREFIX


def broker_child(
    broker: Broker,
    layout: Layout,
    address: str,
    *,
    after_start: Callable[[], None],
    clients: tuple[str, ...],
    tell: Callable[[str], None],
) -> ChildSpec:
    """The broker's process, with its directory made ready.

    Args:
        broker: Which.
        layout: Directory of the stack.
        address: `host:port` to listen on.
        after_start: Makes the topics.
        clients: Processes that use it.
        tell: Is told what takes long.

    Raises:
        ConfigurationError: Apache Kafka needs a Java or a Maven that is not there.
        SystemFault: Apache Kafka cannot be fetched.
    """
    if broker is Broker.KAFKA:
        return _kafka_child(layout, address, after_start, tell)
    return _embedded_child(layout, address, after_start, clients)


def _embedded_child(
    layout: Layout, address: str, after_start: Callable[[], None], clients: tuple[str, ...]
) -> ChildSpec:
    """A restarted one has lost its topics: they are made again, and its clients start anew."""
    return ChildSpec(
        name="broker",
        command=partial(broker_command, address, layout.broker),
        environment={name: value for name, value in os.environ.items() if not name.startswith(PREFIX)},
        ready=partial(is_ready, address),
        after_start=after_start,
        dependents=clients,
        stop_signal=STOP_SIGNAL,
        stop_timeout_s=5,
    )


def _kafka_child(
    layout: Layout, address: str, after_start: Callable[[], None], tell: Callable[[str], None]
) -> ChildSpec:
    """A restarted one goes on with what it had: its clients wait for it and notice nothing else."""
    jars = resolve(tell=tell)
    (node,) = choose_nodes(layout.kafka, 1, ports=(int(address.rpartition(":")[2]),))
    storage.prepare((node,), jars)
    return ChildSpec(
        name="broker",
        command=partial(storage.broker_command, node, jars),
        environment=java.environment(),
        ready=partial(answers, address),
        after_start=after_start,
        ready_timeout_s=60,
    )
