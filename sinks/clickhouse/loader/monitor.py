"""The loader's monitor, which also exports its gauges."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from sinks.metrics import BUFFERED, BUFFERED_BYTES, LAG, PAUSED
from sinks.runtime.health import SinkMonitor
from sinks.runtime.sink import Backlog


class LoaderMonitor(SinkMonitor):
    """A monitor that shows lag and buffers as metrics."""

    def __init__(self, stall_after_s: float = 120.0) -> None:
        super().__init__(stall_after_s)
        self._exported: AbstractSet[tuple[str, int]] = frozenset()

    def observed(self, lag: Mapping[tuple[str, int], int], backlog: Backlog, *, paused: bool) -> None:
        """Export the gauges as well."""
        for (topic, partition), records in lag.items():
            LAG.labels(topic, str(partition)).set(records)
        for topic, partition in self._exported - lag.keys():
            LAG.remove(topic, str(partition))  # another member reads it now; a stale lag here would stay for ever
        self._exported = lag.keys()
        BUFFERED.set(backlog.records)
        BUFFERED_BYTES.set(backlog.size)
        PAUSED.set(paused)
        super().observed(lag, backlog, paused=paused)
