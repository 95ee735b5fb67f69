"""What every sink stands on: the seam, the loop that reads and commits, health, pauses between attempts."""

from sinks.runtime.consumer import run_loop
from sinks.runtime.health import SinkHealth, SinkMonitor, SinkProgress, assess_all
from sinks.runtime.reading import Reading
from sinks.runtime.retry_pauses import RetryPauses
from sinks.runtime.sink import AssignedPartition, Backlog, Sink

__all__ = [
    "AssignedPartition",
    "Backlog",
    "Reading",
    "RetryPauses",
    "Sink",
    "SinkHealth",
    "SinkMonitor",
    "SinkProgress",
    "assess_all",
    "run_loop",
]
