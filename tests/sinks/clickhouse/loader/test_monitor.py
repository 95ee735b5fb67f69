"""The gauges of the loader."""

from __future__ import annotations

from prometheus_client import REGISTRY

from sinks.clickhouse.loader.monitor import LoaderMonitor
from sinks.runtime.sink import Backlog


def test_the_lag_of_partitions_that_left_is_no_longer_shown() -> None:
    """Another sink reads them now: a stale lag here would be added to its lag for ever."""

    def shown(partition: str) -> float | None:
        return REGISTRY.get_sample_value("hailong_sink_lag_records", {"topic": "monitored", "partition": partition})

    monitor = LoaderMonitor()
    monitor.observed({("monitored", 0): 5, ("monitored", 1): 7}, Backlog(0), paused=False)
    assert (shown("0"), shown("1")) == (5, 7)
    monitor.observed({("monitored", 1): 3}, Backlog(0), paused=False)
    assert (shown("0"), shown("1")) == (None, 3)
    assert monitor.progress.lag == {"monitored[1]": 3}
