"""The points at which a process can be made to die: wrappers of the functions that talk to the outside."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import clickhouse_driver.connection
import confluent_kafka

import deploy.processes.worker
import processors.worker.state.restore
import producers.clock
import sinks.runtime.consumer
from faults.arming import CONTROL, Fuse
from faults.disk import FULL
from processors.transport.driver import BatchConsumer
from processors.worker.output.output_publisher import OutputPublisher
from processors.worker.output.sync_producer import Message, SyncProducer
from processors.worker.state.snapshot_store import SnapshotStore

WORKER_POINTS = (
    *("before_outputs", "mid_outputs", "between_outputs_and_commit", "after_commit"),
    *("during_rebuild", "during_snapshot"),
)
SINK_POINTS = ("before_insert", "mid_batch", "after_insert_before_commit", "after_sink_commit")

CLOCK = "clock-offset-ms"
"""File of the control directory with the error of the workers' wall clock."""


def wrap_worker(fuse: Fuse) -> None:
    """Put the points of a worker in place."""
    _wrap_outputs(fuse)
    _wrap_commit(fuse)
    _wrap_rebuild(fuse)
    _wrap_snapshots(fuse)
    _wrap_clock()


def _wrap_outputs(fuse: Fuse) -> None:
    publish_batch, publish = OutputPublisher.publish_batch, SyncProducer.publish

    def publish_batch_or_die(self: OutputPublisher, batch: Any, absorbed: Any) -> None:
        if absorbed.outputs:
            fuse.passes("before_outputs")
        publish_batch(self, batch, absorbed)
        if absorbed.outputs:
            fuse.passes("between_outputs_and_commit")

    def publish_or_die(self: SyncProducer, messages: Sequence[Message]) -> None:
        if len(messages) > 1 and fuse.lit("mid_outputs"):
            publish(self, messages[: len(messages) // 2])
            fuse.die("mid_outputs")
        publish(self, messages)

    OutputPublisher.publish_batch = publish_batch_or_die  # type: ignore[method-assign]  # the point of this module
    SyncProducer.publish = publish_or_die  # type: ignore[method-assign]  # as above


def _wrap_commit(fuse: Fuse) -> None:
    commit = BatchConsumer._commit

    async def commit_and_die(self: BatchConsumer, offsets: Mapping[Any, int]) -> bool:
        did_commit = await commit(self, offsets)
        if did_commit and offsets:
            fuse.passes("after_commit")
        return did_commit

    BatchConsumer._commit = commit_and_die  # type: ignore[method-assign]  # as above


def _wrap_rebuild(fuse: Fuse) -> None:
    module: Any = processors.worker.state.restore
    to_batch = module.to_batch  # called for each part of the log that is replayed

    def to_batch_or_die(*arguments: Any) -> Any:
        fuse.passes("during_rebuild")
        return to_batch(*arguments)

    module.to_batch = to_batch_or_die


def _wrap_snapshots(fuse: Fuse) -> None:
    write, full = SnapshotStore.write, Path(os.environ[CONTROL]) / FULL

    def write_or_die(self: SnapshotStore, draft: Path, snapshot: Any) -> None:
        dying = fuse.lit("during_snapshot")
        write(self, draft, snapshot)
        if full.exists():
            os.truncate(draft, draft.stat().st_size // 2)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if dying:
            os.truncate(draft, draft.stat().st_size // 2)
            fuse.die("during_snapshot")

    SnapshotStore.write = write_or_die  # type: ignore[method-assign]  # as above


def _wrap_clock() -> None:
    path = Path(os.environ[CONTROL]) / CLOCK
    right = producers.clock.wall_clock

    def wrong() -> int:
        try:
            return right() + int(path.read_text())
        except (FileNotFoundError, ValueError):
            return right()

    module: Any = deploy.processes.worker
    module.wall_clock = wrong


def wrap_sink(fuse: Fuse) -> None:
    """Put the points of a sink in place."""
    _wrap_inserts(fuse)

    class DyingConsumer(confluent_kafka.Consumer):
        def commit(self, *arguments: Any, **named: Any) -> Any:
            done = super().commit(*arguments, **named)
            fuse.passes("after_sink_commit")
            return done

    module: Any = sinks.runtime.consumer
    module.Consumer = DyingConsumer


class _TearingSocket(socket.socket):
    """A connection that can be torn in the middle of what is being sent."""

    fuse: Fuse | None = None

    def sendall(self, data: Any, *flags: int) -> None:
        if self.fuse is not None:
            view = memoryview(data)
            super().sendall(view[: len(view) // 2], *flags)
            self.fuse.die("mid_batch")
        super().sendall(data, *flags)


def _wrap_inserts(fuse: Fuse) -> None:
    connection = clickhouse_driver.connection.Connection
    client = clickhouse_driver.Client
    open_socket, send_data, execute = connection._create_socket, connection.send_data, client.execute

    def open_tearing(self: Any, host: str, port: int) -> socket.socket:
        plain = open_socket(self, host, port)
        patience = plain.gettimeout()
        tearing = _TearingSocket(plain.family, plain.type, plain.proto, fileno=plain.detach())
        tearing.settimeout(patience)
        return tearing

    def send_or_tear(self: Any, block: Any, table_name: str = "") -> None:
        if block.num_rows and fuse.lit("mid_batch"):
            self.socket.fuse = fuse
        send_data(self, block, table_name)

    def execute_or_die(self: Any, query: str, *arguments: Any, **named: Any) -> Any:
        insert = query.startswith("INSERT INTO") and bool(arguments)
        if insert:
            fuse.passes("before_insert")
        result = execute(self, query, *arguments, **named)
        if insert:
            fuse.passes("after_insert_before_commit")
        return result

    connection._create_socket = open_tearing
    connection.send_data = send_or_tear
    client.execute = execute_or_die
