"""The loader: every topic into ClickHouse, exactly once by row identity (docs/adr/0006)."""

from sinks.clickhouse.loader.monitor import LoaderMonitor
from sinks.clickhouse.loader.options import SinkOptions
from sinks.clickhouse.loader.run import run_sink

__all__ = ["LoaderMonitor", "SinkOptions", "run_sink"]
