"""The Faust app of one stage."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from faust.app.base import BootStrategy
from yarl import URL

from processors.transport.credentials import credentials
from processors.transport.driver import BatchedApp
from processors.transport.fetched_batch import BatchSchema
from processors.worker.options import WorkerOptions
from processors.worker.runner import StageRunner
from processors.worker.tuning.log_throttle import say_once
from schemas.kafka.connection import KafkaConnection

for _library in ("faust", "mode", "aiokafka", "kafka"):
    # They narrate every step at INFO; what matters of it we log ourselves.
    logging.getLogger(_library).setLevel(logging.WARNING)
# While the broker is away aiokafka says so for every attempt of every connection, some 200 times a second.
say_once("aiokafka")


_METADATA_MAX_AGE_MS = 3_000
"""One small request in so many milliseconds; a group that formed too early is idle for no longer."""


class _ConsumerOnly(BootStrategy):  # Faust's own producer has nothing to send: outputs go through the publisher
    enable_kafka_producer = False
    enable_web = False


class StageApp(BatchedApp):
    """A Faust app without tables, web server, leader election or a data directory."""

    BootStrategy = _ConsumerOnly

    def _create_directories(self) -> None:
        """None: views are rebuilt from the log and from our snapshots; Faust keeps nothing on disk."""


def build_app(
    runner: StageRunner, connection: KafkaConnection, options: WorkerOptions, names: Mapping[Any, str]
) -> StageApp:
    """The app that feeds a runner: one agent over all input topics, one batch at a time.

    Args:
        runner: The stage; gets its `app` set.
        connection: The cluster.
        options: Settings.
        names: Full names of the input topics.
    """
    app = StageApp(
        options.group(runner.stage.name),
        broker=[URL(f"hailong://{server.strip()}") for server in connection.bootstrap_servers.split(",")],
        broker_credentials=credentials(connection),
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        stream_wait_empty=True,
        stream_buffer_maxsize=options.queue_batches,
        stream_recovery_delay=0.0,
        broker_commit_interval=options.commit_interval_s,
        broker_session_timeout=connection.session_timeout_ms / 1000,
        # Members hear of a rebalance by their heartbeats: rare ones would make a takeover late.
        broker_heartbeat_interval=connection.session_timeout_ms / 6000,
        broker_request_timeout=max(40.0, connection.session_timeout_ms / 1000 + 5),
        broker_rebalance_timeout=options.rebalance_timeout_s,
        # A rebuild of a year takes minutes, during which nothing is fetched.
        broker_max_poll_interval=3600.0,
        # A broker that has just been started may say for a moment that it knows no topics. A group that forms then
        # assigns nothing to anybody, and stays so until its leader asks again: by default after five minutes.
        consumer_metadata_max_age_ms=_METADATA_MAX_AGE_MS,
        broker_max_poll_records=options.max_batch_records,
        consumer_max_fetch_size=options.max_partition_bytes,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=options.group_instance_id,
        # Faust looks for stuck partitions by its own offsets, which stand still here; health is judged by ours.
        stream_processing_timeout=86_400.0,
        broker_commit_livelock_soft_timeout=86_400.0,
    )
    app.batched_topics = frozenset(names.values())
    app.listener = runner
    app.revoke_wait_s = min(options.rebalance_timeout_s / 2, options.shutdown_timeout_s * 0.7)
    app.fetch_wait_ms = options.fetch_wait_ms
    runner.app = app

    async def consume(stream: Any) -> None:
        # noack: Faust acknowledges an event even if its agent raised; here only a finished batch is acknowledged.
        async for event in stream.noack().events():
            await runner.handle(event)

    channel = app.topic(*names.values(), schema=BatchSchema())
    app.agent(channel, name=f"hailong.{runner.stage.name}", concurrency=1)(consume)
    return app
