"""The Faust app of one stage."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from faust.app.base import BootStrategy
from yarl import URL

from processors.transport.credentials import credentials
from processors.transport.driver import BatchedApp
from processors.transport.fetched_batch import BatchSchema
from processors.worker.options import WorkerOptions
from processors.worker.stage_runner import StageRunner
from processors.worker.tuning.log_throttle import throttle_logs
from schemas.kafka.connection import KafkaConnection

for _library in ("faust", "mode", "aiokafka", "kafka"):
    # They log every step at INFO; what matters of it we log ourselves.
    logging.getLogger(_library).setLevel(logging.WARNING)
# While the broker is away, aiokafka logs every attempt of every connection, some 200 times a second.
throttle_logs("aiokafka")


_METADATA_MAX_AGE_MS = 3_000
"""A broker that was just started may briefly report no topics. A group formed at that moment assigns no partitions, and
stays so until its leader asks for metadata again: five minutes by default. A request is small."""


class _ConsumerOnly(BootStrategy):  # Faust's own producer is not needed: outputs go through the `SyncProducer`
    enable_kafka_producer = False
    enable_web = False


class StageApp(BatchedApp):
    """A Faust app without tables, web server, leader election or a data directory."""

    BootStrategy = _ConsumerOnly

    def _create_directories(self) -> None:
        """Create none: Faust keeps nothing on disk."""


def build_app(
    runner: StageRunner, connection: KafkaConnection, options: WorkerOptions, topic_names: Iterable[str]
) -> StageApp:
    """The app that feeds a runner: one agent over all input topics, one batch at a time. Sets the runner's `app`."""
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
        # Members learn of a rebalance by their heartbeats: rare heartbeats would delay a takeover.
        broker_heartbeat_interval=connection.session_timeout_ms / 6000,
        broker_request_timeout=max(40.0, connection.session_timeout_ms / 1000 + 5),
        broker_rebalance_timeout=options.rebalance_timeout_s,
        # Replaying a year takes minutes, and nothing is fetched meanwhile.
        broker_max_poll_interval=3600.0,
        consumer_metadata_max_age_ms=_METADATA_MAX_AGE_MS,
        broker_max_poll_records=options.max_batch_records,
        consumer_max_fetch_size=options.max_partition_bytes,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=options.group_instance_id,
        # Faust detects stuck partitions by its own offsets, which never move here; `health.py` uses ours.
        stream_processing_timeout=86_400.0,
        broker_commit_livelock_soft_timeout=86_400.0,
    )
    app.listener = runner
    app.revoke_wait_s = min(options.rebalance_timeout_s / 2, options.shutdown_timeout_s * 0.7)
    app.fetch_wait_ms = options.fetch_wait_ms
    runner.app = app

    async def consume(stream: Any) -> None:
        # noack: Faust acknowledges an event even if its agent raised; here only a finished batch is acknowledged.
        async for event in stream.noack().events():
            await runner.handle_batch(event)

    app.agent(app.topic(*topic_names, schema=BatchSchema()), name=f"hailong.{runner.stage.name}", concurrency=1)(
        consume
    )
    return app
