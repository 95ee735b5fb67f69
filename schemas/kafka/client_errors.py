"""What the errors of the Kafka client mean for us: librdkafka's error codes are named here."""

from __future__ import annotations

from confluent_kafka import KafkaError

from schemas.errors import SystemFault

# ruff: noqa: SLF001 - librdkafka's own error codes begin with an underscore
PARTITION_END = KafkaError._PARTITION_EOF
"""Not a fault: a consumer has read everything that the partition holds now."""

COORDINATOR_NOT_READY = frozenset(
    {KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.COORDINATOR_LOAD_IN_PROGRESS}
)
"""Answers of Apache Kafka for about a second when a group is used for the first time, and after a broker was lost."""

LEADER_NOT_KNOWN = frozenset({KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE})
"""Answers for a moment after a topic was created, and while another broker takes over a partition."""

_CREDENTIALS = frozenset({KafkaError._AUTHENTICATION, KafkaError._SSL, KafkaError.SASL_AUTHENTICATION_FAILED})
_RIGHTS = frozenset(
    {
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
    }
)
REFUSED = _CREDENTIALS | _RIGHTS
"""Errors that an operator must mend: waiting does not help."""

_NO_ANSWER = frozenset(
    {
        KafkaError._MSG_TIMED_OUT,
        KafkaError._TIMED_OUT,
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._RETRY,
    }
)


def refusal(error: KafkaError, servers: str, rights: str = "check the rights of this user") -> SystemFault | None:
    """The fault to raise when Kafka refuses us for good; None when another attempt may succeed.

    Args:
        error: What the client reported.
        servers: Addresses of the cluster, for the message.
        rights: What an operator should do when a right is missing.
    """
    if error.code() in _CREDENTIALS:
        return SystemFault(f"Kafka at {servers} refused our credentials ({error.name()}): check user and password")
    if error.code() in _RIGHTS:
        return SystemFault(f"Kafka at {servers} refused what this user asked for ({error.name()}): {rights}")
    return None


def may_succeed_later(error: KafkaError) -> bool:
    """Whether there was no answer, or one that the same request may change later."""
    return error.code() in _NO_ANSWER or error.retriable()


def is_fatal(error: KafkaError) -> bool:
    """Whether the client can no longer be used. An error that comes as a message has the code, not the flag."""
    return error.fatal() or error.code() == KafkaError._FATAL


def is_unsupported(error: KafkaError) -> bool:
    """Whether the broker does not know this kind of request."""
    return error.code() in {KafkaError._UNSUPPORTED_FEATURE, KafkaError.UNSUPPORTED_VERSION}
