"""Kafka's errors: what an operator must mend, what passes, what ends a client."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError

from schemas.kafka.client_errors import REFUSED, is_fatal, may_succeed_later, refusal

SERVERS = "kafka-1:9092"


@pytest.mark.parametrize("code", [KafkaError._AUTHENTICATION, KafkaError._SSL, KafkaError.SASL_AUTHENTICATION_FAILED])
def test_refused_credentials_name_the_servers_and_what_to_check(code: int) -> None:
    """Whoever reads the fault learns which cluster refused which login."""
    fault = refusal(KafkaError(code), SERVERS, "grant READ")
    assert str(fault).startswith(f"Kafka at {SERVERS} refused our credentials (")
    assert str(fault).endswith("): check user and password")


def test_a_missing_right_is_named_as_the_caller_says() -> None:
    """A correct login without the right gets the right that is missing, not advice about passwords."""
    fault = refusal(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED), SERVERS, "grant READ on x")
    assert str(fault).endswith("(TOPIC_AUTHORIZATION_FAILED): grant READ on x")


def test_other_errors_are_no_refusal() -> None:
    """A broker that is away is waited for."""
    assert refusal(KafkaError(KafkaError._TRANSPORT), SERVERS) is None


def test_a_refusal_never_passes_for_an_error_that_may_pass() -> None:
    """No code is on both sides, or a worker would repeat for ever what an operator must mend."""
    assert not any(may_succeed_later(KafkaError(code)) for code in REFUSED)


def test_a_fatal_error_is_known_by_its_code_as_well() -> None:
    """A consumer hands a fatal error out as a message, without the flag."""
    assert is_fatal(KafkaError(KafkaError._FATAL))
    assert not is_fatal(KafkaError(KafkaError._TRANSPORT))
