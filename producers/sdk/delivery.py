"""The outcome of sending one event."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass

from schemas.errors import HailongError, Unavailable


class DeliveryFailed(HailongError):
    """Kafka finally did not accept an event. Sending it again is safe: the same id counts once."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where Kafka stored an event."""

    topic: str  # full name
    partition: int
    offset: int


class Delivery:
    """The pending outcome of one event."""

    __slots__ = ("_future",)

    def __init__(self, future: Future[Receipt]) -> None:
        self._future = future

    def result(self, timeout: float | None = None) -> Receipt:
        """Wait until Kafka has the event.

        Raises:
            DeliveryFailed: Kafka did not accept it.
            Unavailable: No answer within `timeout` seconds; the event may still be delivered.
        """
        try:
            return self._future.result(timeout)
        except FutureTimeoutError:
            raise Unavailable(f"Kafka did not acknowledge the event within {timeout:g} s") from None

    def done(self) -> bool:
        """Whether the outcome is known."""
        return self._future.done()
