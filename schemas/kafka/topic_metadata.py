"""What a broker says about topics: their partitions, and which log a name stands for today.

Workers and sinks name a log in the same words: a dead letter of one record has one id, whoever writes it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient

from schemas.errors import SystemFault, Unavailable
from schemas.kafka.connection import KafkaConnection

REFUSED = frozenset(
    {
        KafkaError._AUTHENTICATION,  # noqa: SLF001 - librdkafka's own error codes are written like this
        KafkaError._SSL,  # noqa: SLF001 - as above
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
    }
)
"""Errors that waiting does not mend."""


# librdkafka writes its own lines to stderr; what it says comes back to us as an error, so it need not be said twice.
QUIET = logging.getLogger(f"{__name__}.librdkafka")
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """One existing topic.

    Attributes:
        partitions: Number of partitions.
        identity: Cluster id and topic id: differs for a new broker and for a topic that was deleted and made again.
    """

    partitions: int
    identity: str


def describe(connection: KafkaConnection, names: Collection[str], timeout_s: float) -> Mapping[str, TopicFacts]:
    """Ask the broker about topics; those that do not exist are left out.

    Raises:
        Unavailable: No broker answered in time.
        SystemFault: The broker refused our credentials.
    """
    refused: list[KafkaError] = []

    def on_error(error: KafkaError) -> None:
        if error.code() in REFUSED:
            refused.append(error)

    settings: dict[str, Any] = {**connection.client_config(), "error_cb": on_error, "logger": QUIET}
    admin = AdminClient(settings)
    where = connection.bootstrap_servers
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            metadata = admin.list_topics(timeout=min(1.0, timeout_s))
            break
        except KafkaException as exception:
            error = exception.args[0]
        admin.poll(0)
        if refused or error.code() in REFUSED:
            reason = (refused or [error])[0].name()
            raise SystemFault(f"Kafka at {where} refused our credentials ({reason}): check user and password")
        if time.monotonic() >= deadline:
            raise Unavailable(f"Kafka at {where} does not answer after {timeout_s:g} s ({error.name()})")
    found = [name for name in names if name in metadata.topics and metadata.topics[name].error is None]
    cluster = metadata.cluster_id
    ids = _topic_ids(admin, found, timeout_s)
    return {
        name: TopicFacts(len(metadata.topics[name].partitions), f"{cluster}/{ids.get(name, name)}") for name in found
    }


def _topic_ids(admin: AdminClient, names: list[str], timeout_s: float) -> Mapping[str, str]:
    """Topic ids, for brokers that have them; a broker that does not know the request has none."""
    if not names:
        return {}
    futures = admin.describe_topics(TopicCollection(names), request_timeout=timeout_s)
    ids: dict[str, str] = {}
    for name, future in futures.items():
        try:
            topic_id = future.result().topic_id
        except KafkaException as exception:
            if exception.args[0].code() in {KafkaError._UNSUPPORTED_FEATURE, KafkaError.UNSUPPORTED_VERSION}:  # noqa: SLF001 - as above
                return {}
            raise Unavailable(f"Kafka did not describe topic {name} ({exception.args[0].name()})") from None
        if topic_id is not None:
            ids[name] = str(topic_id)
    return ids
