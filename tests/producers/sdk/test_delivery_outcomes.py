from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import KafkaError

from producers.sdk.delivery import DeliveryFailed
from producers.sdk.delivery_outcomes import DeliveryOutcomes


def test_a_clock_that_runs_ahead_is_named() -> None:
    """The failure says to set the clock, and is raised once."""
    outcomes, message = DeliveryOutcomes(), None
    report: Any = outcomes.note  # the message of a report is not looked at
    report(KafkaError(KafkaError.INVALID_TIMESTAMP), message)
    with pytest.raises(DeliveryFailed, match=r"INVALID_TIMESTAMP: 1.*clock of this machine"):
        outcomes.raise_failures()
    outcomes.raise_failures()
