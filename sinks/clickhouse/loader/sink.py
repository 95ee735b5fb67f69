"""The loader as a sink: buffers records of all topics, inserts them in large batches, in threads of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence

from confluent_kafka import Message

from schemas.topics import STORED, Topic
from sinks.clickhouse.loader.buffers import InsertBatch, TopicBuffer
from sinks.clickhouse.loader.insert_worker import InsertWorker
from sinks.clickhouse.loader.log_epochs import TopicLog
from sinks.clickhouse.loader.options import SinkOptions
from sinks.clickhouse.loader.topic_logs import TopicLogs
from sinks.metrics import LAST_PROGRESS, RECORDS
from sinks.runtime.health import SinkMonitor
from sinks.runtime.sink import AssignedPartition, Backlog, Sink

_WAITING_BATCHES = 2
"""Batches that may wait for the worker: one is inserted while the next is ready."""


class ClickHouseSink(Sink):
    """Loads every topic into ClickHouse.

    Args:
        options: Sizes and pauses.
        worker: Inserts batches; its threads are started and stopped here.
        logs: Knows which logs the topics are.
        monitor: Is told about progress.
        give_up: Set at the end, to stop whatever was not acknowledged.
    """

    def __init__(
        self,
        options: SinkOptions,
        worker: InsertWorker,
        logs: TopicLogs,
        monitor: SinkMonitor,
        give_up: threading.Event,
    ) -> None:
        self._options = options
        self._worker = worker
        self._asked = logs
        self._monitor = monitor
        self._give_up = give_up
        self._logs: Mapping[Topic, TopicLog] = {}
        self._buffers = {topic: TopicBuffer(topic) for topic in STORED}
        worker.start()

    def start(self, partitions: Sequence[AssignedPartition]) -> None:
        """Begin at offsets that were committed for this log and this database, otherwise at the beginning."""
        logs = self._asked.current()
        self._asked.distrust_foreign_offsets(partitions, logs)
        self._logs = logs

    def add_records(self, partition: AssignedPartition, messages: Sequence[Message]) -> int:
        """Buffer messages."""
        return self._buffers[partition.topic].add_messages(partition, messages, time.monotonic())

    @property
    def backlog(self) -> Backlog:
        """What is buffered or being inserted; its size is in bytes."""
        _batches, records, size = self._worker.load
        records += sum(buffer.rows for buffer in self._buffers.values())
        size += sum(buffer.size for buffer in self._buffers.values())
        return Backlog(records, size, self._options.max_buffer_bytes)

    def deliver(self) -> None:
        """Hand over what is due, and take note of what was inserted."""
        self._hand_over(everything=False)
        for batch in self._worker.finished():
            self._record_inserted(batch)

    def wait_for_room(self, timeout_s: float) -> None:
        """Wait until the worker holds less."""
        self._worker.wait_lighter(timeout_s)

    def flush(self, timeout_s: float, *, everything: bool) -> bool:
        """Wait for the worker, at a stop after handing over all that is buffered."""
        if everything:
            self._hand_over(everything=True)
        idle = self._worker.wait_idle(timeout_s)
        for batch in self._worker.finished_quietly():
            self._record_inserted(batch)
        return idle

    def recreated_topics(self) -> Sequence[str]:
        """Topics whose log is no longer the one that was read."""
        current = self._asked.current()
        return [known.name for topic, known in self._logs.items() if current[topic].identity != known.identity]

    def close(self) -> None:
        """Stop the worker."""
        self._give_up.set()
        self._worker.stop(2.0)

    def _hand_over(self, *, everything: bool) -> None:
        now = time.monotonic()
        for buffer in self._buffers.values():
            buffer.drop_released()
        filled = [buffer for buffer in self._buffers.values() if buffer.rows]
        for buffer in sorted(filled, key=lambda one: -one.size):  # the fullest first
            batches, _records, _bytes = self._worker.load
            full = buffer.rows >= self._options.flush_rows or buffer.size >= self._options.flush_bytes
            due = now - buffer.since >= self._options.flush_interval_s and not batches
            # While the worker is busy, young buffers grow: ClickHouse prefers fewer and larger inserts.
            if due or (full and batches < _WAITING_BATCHES):
                self._submit(buffer, now)
            while everything and buffer.rows:
                self._submit(buffer, now)

    def _submit(self, buffer: TopicBuffer, now: float) -> None:
        batch = buffer.take(self._options.flush_rows, now)
        if batch.batches:
            self._worker.submit(batch, self._logs[buffer.topic])

    def _record_inserted(self, inserted: InsertBatch) -> None:
        for batch, partition in zip(inserted.batches, inserted.partitions, strict=True):
            partition.done = batch.offsets[-1] + 1
        RECORDS.labels(inserted.topic.subject).inc(inserted.records)
        LAST_PROGRESS.set_to_current_time()
        self._monitor.delivered(inserted.records)
