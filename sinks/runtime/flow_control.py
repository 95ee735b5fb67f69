"""How much is read: as much as the sink has room for, and nothing while its backlog stays full."""

from __future__ import annotations

import time
from collections.abc import Sequence

import structlog
from confluent_kafka import Consumer, Message

from sinks.runtime.sink import Backlog, Sink

log = structlog.get_logger(__name__)

_POLL_S = 0.1
_FULL_S = 2.0
"""For so long the backlog may be full, and Kafka not be asked, before reading is paused."""
_FETCH_RECORDS = 500
"""Taken at once. The fields of a message are read soon after: with thousands of messages they would no longer be in the
processor's cache, and each would cost twice as much."""
_RECORD_SIZE = 1024
"""Assumed size of a record until the first one was seen."""


class FlowControl:
    """Reads for one consumer, and pauses it when the backlog of the sink is full."""

    def __init__(self, consumer: Consumer, sink: Sink) -> None:
        self._consumer = consumer
        self._sink = sink
        self._full_since: float | None = None
        self._record_size = _RECORD_SIZE
        self.paused = False  # reset it when partitions are assigned

    def read(self) -> Sequence[Message]:
        """What has arrived, as far as there is room for it.

        Without room this waits for the sink, not for Kafka. Pausing, which follows when that lasts, discards what
        librdkafka has already fetched.
        """
        room = self._room(self._sink.backlog)
        if room > 0 or self.paused:
            return self._consumer.consume(max(1, min(_FETCH_RECORDS, room)), _POLL_S)
        self._sink.wait_for_room(_POLL_S)
        return ()

    def added(self, records: int, size: int) -> None:
        """The backlog grew by so much with so many records."""
        if size:
            self._record_size = max(1, size // records)

    def pause_or_resume(self) -> None:
        """Pause reading when the backlog stays full; polling goes on, so that the membership survives."""
        now, backlog = time.monotonic(), self._sink.backlog
        if self._room(backlog) > 0:
            self._full_since = None
        elif self._full_since is None:
            self._full_since = now
        elif not self.paused and now - self._full_since >= _FULL_S:
            self.paused = True
            self._consumer.pause(self._consumer.assignment())
            log.info("reading_paused", size=backlog.size)
        if self.paused and (backlog.limit is None or 2 * backlog.size < backlog.limit):
            self.paused = False
            self._consumer.resume(self._consumer.assignment())
            log.info("reading_resumed", size=backlog.size)

    def _room(self, backlog: Backlog) -> int:
        """For how many records there is room if they are as large as those before; at least 1 if nothing is held."""
        if backlog.limit is None:
            return _FETCH_RECORDS
        room = (backlog.limit - backlog.size) // self._record_size
        return room if backlog.size else max(1, room)
