"""Runs a sink in its own process, so that tests can kill it. The argument is a JSON object."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import Any

from schemas.kafka.connection import KafkaConnection
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.loader.options import SinkOptions
from sinks.clickhouse.loader.run import run_sink
from sinks.runtime.consumer import SinkConsumer


def main(given: dict[str, Any]) -> None:
    """Run until SIGTERM.

    With `die_before_commit`, kill this process where it would commit for the first time. `settings` are settings of
    librdkafka that are not options of ours; short time-outs make tests short.
    """
    kind: Any = SinkConsumer
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    if more := given.get("settings"):
        settings = kind._settings
        kind._settings = lambda *arguments: {**settings(*arguments), **more}
    if given.get("die_before_commit"):
        commit = kind._commit

        def dying(consumer: SinkConsumer, partitions: Any) -> None:
            if any(partition.done for partition in partitions):
                os.kill(os.getpid(), signal.SIGKILL)
            commit(consumer, partitions)

        kind._commit = dying
    kafka = KafkaConnection(**given["kafka"])
    run_sink(kafka, ClickHouseConnection(**given["clickhouse"]), SinkOptions(**given["options"]), stop)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
