"""Counting what became of sent records."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from confluent_kafka import KafkaError, Message

from producers.sdk.delivery import DeliveryFailed
from producers.sdk.metrics import DELIVERED, FAILED

_WRONG_CLOCK = "INVALID_TIMESTAMP"
"""Apache Kafka refuses records whose own time is more than an hour ahead (message.timestamp.after.max.ms)."""


class Outcomes:
    """Failures since they were last asked for. Reports come in one thread, the publisher's; questions in any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._delivered = 0
        self._failed: Counter[str] = Counter()
        self._errors: list[Exception] = []

    def note(self, error: KafkaError | None, _message: Message) -> None:
        """Take one delivery report."""
        if error is None:
            self._delivered += 1  # a plain number: a metric's lock would cost a third of the throughput
            return
        FAILED.labels(error.name()).inc()
        with self._lock:
            self._failed[error.name()] += 1

    def show(self) -> None:
        """Bring the metric up to date; in the thread of the reports."""
        delivered, self._delivered = self._delivered, 0
        DELIVERED.inc(delivered)

    def guard(self, callback: Callable[[], None]) -> None:
        """Run a caller's callback; what it raises must not stop the thread that serves everybody's reports."""
        try:
            callback()
        except Exception as error:  # noqa: BLE001 - kept, and raised again in the caller's thread by raise_failures
            with self._lock:
                self._errors.append(error)

    def raise_failures(self) -> None:
        """Raise what was noted since the last call, and forget it.

        Raises:
            DeliveryFailed: Records were not taken: how many, and why.
            Exception: What a caller's callback raised, the first one.
        """
        with self._lock:
            failed, self._failed = self._failed, Counter()
            errors, self._errors = self._errors, []
        if failed:
            reasons = ", ".join(f"{name}: {count}" for name, count in failed.most_common())
            hint = "; the clock of this machine runs ahead: set it right first" if _WRONG_CLOCK in failed else ""
            raise DeliveryFailed(
                f"Kafka did not take {failed.total()} events ({reasons}); sending them again is safe{hint}"
            )
        if errors:
            raise errors[0]
