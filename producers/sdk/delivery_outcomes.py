"""Count delivered and failed records, and keep what callers' callbacks raise."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from confluent_kafka import KafkaError, Message

from producers.sdk.delivery import DeliveryFailed
from producers.sdk.metrics import DELIVERED, FAILED

_WRONG_CLOCK = "INVALID_TIMESTAMP"
"""Apache Kafka refuses records whose own time is more than an hour ahead (message.timestamp.after.max.ms)."""


class DeliveryOutcomes:
    """Failures since the last call of `raise_failures`. One thread delivers reports; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._delivered = 0
        self._failed: Counter[str] = Counter()
        self._errors: list[Exception] = []

    def note(self, error: KafkaError | None, _message: Message) -> None:
        """Record one delivery report."""
        if error is None:
            self._delivered += 1  # a plain number: the lock of a metric would cost a third of the throughput
            return
        FAILED.labels(error.name()).inc()
        with self._lock:
            self._failed[error.name()] += 1

    def update_metric(self) -> None:
        """Add the new deliveries to the metric; called in the thread of the reports."""
        delivered, self._delivered = self._delivered, 0
        DELIVERED.inc(delivered)

    def guard(self, callback: Callable[[], None]) -> None:
        """Run a caller's callback and keep what it raises: it must not stop the thread that serves all reports."""
        try:
            callback()
        except Exception as error:  # noqa: BLE001 - raise_failures raises it again in the caller's thread
            with self._lock:
                self._errors.append(error)

    def raise_failures(self) -> None:
        """Raise what was recorded since the last call, and forget it.

        Raises:
            DeliveryFailed: Kafka did not accept records; says how many and why.
            Exception: The first exception of a caller's callback.
        """
        with self._lock:
            failed, self._failed = self._failed, Counter()
            errors, self._errors = self._errors, []
        if failed:
            reasons = ", ".join(f"{name}: {count}" for name, count in failed.most_common())
            hint = "; the clock of this machine runs ahead: set it first" if _WRONG_CLOCK in failed else ""
            raise DeliveryFailed(
                f"Kafka did not accept {failed.total()} events ({reasons}); sending them again is safe{hint}"
            )
        if errors:
            raise errors[0]
