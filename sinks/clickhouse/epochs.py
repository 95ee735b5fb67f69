"""Epochs: small numbers for logs, so that a new log is never hidden behind rows of an old one."""

from __future__ import annotations

from clickhouse_driver import Client

from schemas.connection import KafkaConnection
from schemas.errors import SystemFault
from schemas.topic_identity import describe
from schemas.topics import Topic

_MAX_EPOCH = (1 << 16) - 1


def topic_identities(connection: KafkaConnection, timeout_s: float = 10) -> dict[Topic, str]:
    """Which log each topic's name stands for today; topics that do not exist are left out.

    Raises:
        Unavailable: No broker answers.
        SystemFault: The broker refuses our credentials.
    """
    names = {topic.value.name(connection.topic_prefix): topic for topic in Topic}
    found = describe(connection, list(names), timeout_s)
    return {names[name]: facts.identity for name, facts in found.items()}


def known_epochs(client: Client) -> dict[tuple[str, str], int]:
    """(Subject, identity of the log) to epoch, for every log that was ever loaded."""
    rows = client.execute("SELECT topic, topic_id, min(epoch) FROM log_epoch GROUP BY topic, topic_id")
    return {(topic, identity): epoch for topic, identity, epoch in rows}


def assign_epochs(client: Client, identities: dict[Topic, str]) -> dict[Topic, int]:
    """The epoch of each log, the next number for one that is new.

    Two sinks that meet the same new log at once give it the same number, for both take the one after the highest.

    Raises:
        SystemFault: There are no numbers left.
    """
    known = known_epochs(client)
    epochs: dict[Topic, int] = {}
    for topic, identity in identities.items():
        epoch = known.get((topic.subject, identity))
        if epoch is None:
            epoch = 1 + max((number for (subject, _), number in known.items() if subject == topic.subject), default=0)
            if epoch > _MAX_EPOCH:
                raise SystemFault(f"{topic.subject} had more than {_MAX_EPOCH} logs: begin with a new database")
            client.execute("INSERT INTO log_epoch (topic, topic_id, epoch) VALUES", [(topic.subject, identity, epoch)])
        epochs[topic] = epoch
    return epochs
