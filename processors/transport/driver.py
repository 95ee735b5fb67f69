"""A Faust transport whose consumer hands an agent one event per fetched partition batch.

A subclass of Faust's aiokafka driver, registered as the entry point `hailong` in `faust.transports`: an app with the
broker `hailong://host:port` uses it, for all its topics.

The way of a batch through this module: `_wait_next_records` (fetched, tracked) → the agent's queue → the stage →
`ack` (done) → `_filter_committable_offsets` and `_commit` (committed).

What is overridden, and why (Faust 0.15.3, `faust/transport/consumer.py`):

* `_create_worker_consumer`: a consumer that returns record batches, not records (`processors.transport.fetcher`).
* `_wait_next_records`, `_to_message`: a run of records of a partition becomes one message, known to the offset tracker.
* `ack`, `_filter_tps_with_pending_acks`, `_filter_committable_offsets`, `_commit`: only the offset tracker decides what
  may be committed. Faust's bookkeeping can commit past an unfinished message, and takes a failed commit for a
  successful one.
* `seek_to_committed`: without a committed offset Faust does not seek, and loses what it fetched and dropped during a
  rebalance; we seek to the beginning. Every seek voids the batches fetched before it.
* `on_partitions_revoked`: Faust forgets its acknowledgements before it waits for the batch in progress; we wait,
  commit, and then forget.
* `_read_offset`: Faust drops records below the last offset it saw, which is wrong for a recreated topic, and fills the
  gaps of compacted topics number by number.
* `on_buffer_full`, `on_buffer_drop`: a full agent queue blocks the reading loop, which is all the back-pressure
  needed; Faust's way leaves partitions paused when a rebalance clears the queue.
* `verify_event_path`: Faust's check for streams that stand still crashes the worker for a partition whose position is
  not known yet, as just after a rebalance.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar, Protocol, cast

import aiokafka
import faust
import structlog
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import IllegalStateError
from faust.transport.consumer import ensure_TP
from faust.transport.drivers import aiokafka as base
from faust.types import TP, ConsumerMessage, Message
from mode.threads import ServiceThread, WorkerThread

from processors.transport.fetched_batch import FetchedBatch, FetchedRecords, group_records, offset_span
from processors.transport.fetcher import PackedConsumer
from processors.transport.offset_tracker import OffsetTracker

_log = structlog.get_logger(__name__)


class AssignmentListener(Protocol):
    """Is told about rebalances; called on the app's event loop."""

    def on_rebalance_started(self) -> None:
        """A rebalance starts: finish or release the batch in progress, and start no long work."""

    def on_assigned(self, committed: Mapping[TP, int | None]) -> None:
        """A rebalance ended, or reading restarted: our partitions and their committed offsets."""


class BatchedApp(faust.App):
    """A Faust app on this transport.

    Attributes:
        listener: Is told about rebalances.
        revoke_wait_s: How long a rebalance or a shutdown waits for the batch in progress.
        fetch_wait_ms: How long a fetch may wait for records.
    """

    listener: AssignmentListener
    revoke_wait_s: float
    fetch_wait_ms: int


class _UnknownOffsets(dict[TP, int | None]):
    """Faust's last read offsets, always unknown to it: the offset tracker keeps the order."""

    def __getitem__(self, tp: TP) -> None:
        return None


class _DaemonThread(WorkerThread):
    """A thread that does not keep the process alive after a shutdown that was cut short."""

    def __init__(self, service: ServiceThread, **kwargs: Any) -> None:
        super().__init__(service, **kwargs)
        self.daemon = True


class BatchConsumerThread(base.AIOKafkaConsumerThread):
    """Builds an aiokafka consumer that keeps joined partitions together and reads committed records only."""

    app: BatchedApp
    Worker = _DaemonThread

    def _create_worker_consumer(self, transport: base.Transport) -> aiokafka.AIOKafkaConsumer:
        conf = self.app.conf
        return PackedConsumer(
            batch_records=conf.broker_max_poll_records,
            client_id=conf.broker_client_id,
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id,
            bootstrap_servers=base.server_list(transport.url, transport.default_port),
            # Range gives partition p of all topics of a stage to the same member. Round robin, Faust's choice for an
            # app without tables, separates them whenever the members do not divide the partitions evenly.
            partition_assignment_strategy=[RangePartitionAssignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            metadata_max_age_ms=conf.consumer_metadata_max_age_ms,
            isolation_level="read_committed",
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            fetch_max_wait_ms=self.app.fetch_wait_ms,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            **base.credentials_to_aiokafka_auth(conf.broker_credentials, conf.ssl_context),
        )

    async def positions_and_ends(self, tps: Sequence[TP]) -> Mapping[TP, tuple[int, int]]:
        """See `BatchConsumer.positions_and_ends`; to be called on this thread."""
        consumer = self._ensure_consumer()
        owned = [base.ensure_aiokafka_TP(tp) for tp in tps if tp in self.assignment()]
        if not owned:
            return {}
        # Positions first: records that arrive between the two requests make the lag too high, never too low.
        positions = {tp: await consumer.position(tp) for tp in owned}
        ends = await consumer.end_offsets(owned)
        # The embedded broker's end offset can be too low (first offset of the last batch, plus one), never too high.
        return {ensure_TP(tp): (positions[tp], max(ends[tp], positions[tp])) for tp in owned}

    async def log_starts(self, tps: Sequence[TP]) -> Mapping[TP, int]:
        """See `BatchConsumer.log_starts`; to be called on this thread."""
        starts = await self._ensure_consumer().beginning_offsets([base.ensure_aiokafka_TP(tp) for tp in tps])
        return {ensure_TP(tp): offset for tp, offset in starts.items()}


class BatchConsumer(base.Consumer):
    """Delivers batches and commits what is done."""

    app: BatchedApp
    _thread: BatchConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tracker = OffsetTracker()
        self._read_offset: MutableMapping[TP, int | None] = _UnknownOffsets()
        self._batch_ended = asyncio.Event()

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    # Fetched

    async def _wait_next_records(self, timeout: float) -> tuple[Any, set[TP] | None]:  # noqa: ASYNC109 - Faust's signature
        epoch = self.tracker.assignment_epoch
        records, active = await super()._wait_next_records(timeout)
        if not records:
            return records, active
        if self.tracker.assignment_epoch != epoch:
            # A seek happened during the fetch: records before these may be missing, and a commit after these would
            # skip them. Read again from the committed offsets.
            await self._restart_reading()
            return {}, active
        return {
            tp: [self._track(ensure_TP(tp), run) for run in group_records(found)] for tp, found in records.items()
        }, active

    def _track(self, tp: TP, records: FetchedRecords) -> FetchedBatch:
        offsets = self.tracker.add_fetched(tp, *offset_span(records))
        if offsets.log_restarted:
            _log.warning("offsets_began_again", topic=tp.topic, partition=tp.partition, offset=offsets.first)
        return FetchedBatch(records, offsets)

    def _to_message(self, tp: TP, batch: FetchedBatch) -> ConsumerMessage:
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            offset=batch.offsets.end - 1,
            timestamp=0.0,
            timestamp_type=0,
            headers=None,
            key=None,
            value=cast("Any", batch),  # BatchSchema hands it through
            checksum=None,
            tp=tp,
            generation_id=self.app.consumer_generation_id,
        )

    def on_buffer_full(self, tp: TP) -> None:
        """Do nothing: the full queue itself holds back the reading loop."""

    def on_buffer_drop(self, tp: TP) -> None:
        """Do nothing, see `on_buffer_full`."""

    # Done

    def ack(self, message: Message) -> bool:
        """Mark a batch done: all its outputs are acknowledged. False if it is not ours to commit any more."""
        message.acked = True
        batch: Any = message.value  # a FetchedBatch: BatchSchema hands it through
        done = self.tracker.mark_done(batch.offsets)
        self._batch_ended.set()
        return done

    def release(self, batch: FetchedBatch) -> None:
        """Take back a batch that a stage did not finish; it is read again after the rebalance."""
        self.tracker.release(batch.offsets)
        self._batch_ended.set()

    # Committed

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return (tp for tp in self.tracker.partitions() if topics is None or tp in topics or tp.topic in topics)

    def _filter_committable_offsets(self, tps: Iterable[TP]) -> dict[TP, int]:
        return {tp: offset for tp in tps if (offset := self.tracker.committable_offset(tp)) is not None}

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        did_commit: bool = await super()._commit(offsets)
        if did_commit:
            for tp, offset in offsets.items():
                self.tracker.mark_committed(tp, offset)
        return did_commit

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Warn of a partition that stands still, unless aiokafka does not know yet where it is read."""
        with suppress(AssertionError):  # raised by aiokafka's `TopicPartitionState.position`
            super().verify_event_path(now, tp)

    # Rebalanced

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """A rebalance starts: finish and commit, then forget."""
        self.app.listener.on_rebalance_started()
        await super().on_partitions_revoked(revoked)  # calls `wait_empty`
        self.tracker.revoke(ensure_TP(tp) for tp in revoked)

    async def wait_empty(self) -> None:
        """Wait up to the app's limit for the batch in progress, then commit what is done."""
        try:
            async with asyncio.timeout(self.app.revoke_wait_s):
                while self.tracker.has_started_batch():
                    self._batch_ended.clear()
                    await self._batch_ended.wait()
        except TimeoutError:
            # It is not committed, so the next owner reads it again. Its outputs may go out twice, with the same ids.
            _log.warning("batch_in_hand_not_finished", waited_s=self.app.revoke_wait_s)
        # Faust waits for every message an agent ever held; ours may be void or released, which only the tracker knows.
        self._unacked_messages.clear()
        await super().wait_empty()

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """A rebalance ended. A member that got no partition does not seek, but the listener must know as well."""
        await super().on_partitions_assigned(assigned, generation_id)
        if not assigned:
            self.app.listener.on_assigned({})

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek all partitions to their committed offsets, or to the beginning where there is none."""
        committed = await super().seek_to_committed()
        unset = [tp for tp, offset in committed.items() if not offset or offset < 0]
        if unset:
            await self._thread.seek_to_beginning(*unset)
        known = {ensure_TP(tp): None if tp in unset else offset for tp, offset in committed.items()}
        self.tracker.restart_at(known)
        self.app.listener.on_assigned(known)
        return committed

    async def _restart_reading(self) -> None:
        try:
            await self.perform_seek()
        except IllegalStateError:
            # The partitions are being revoked: that rebalance ends with a seek of its own.
            _log.info("seek_overtaken_by_rebalance")

    # Lag

    async def positions_and_ends(self, tps: Sequence[TP]) -> Mapping[TP, tuple[int, int]]:
        """Our position and the broker's end offset, for those of the partitions that are ours.

        Raises:
            IllegalStateError: A partition was taken away meanwhile.
        """
        return await self._thread.call_thread(self._thread.positions_and_ends, tps)  # type: ignore[no-any-return]  # untyped

    async def log_starts(self, tps: Sequence[TP]) -> Mapping[TP, int]:
        """The first offset that the broker still holds, for each of the partitions.

        Raises:
            KafkaError: The broker is away.
        """
        return await self._thread.call_thread(self._thread.log_starts, tps)  # type: ignore[no-any-return]  # untyped


class Transport(base.Transport):
    """`hailong://`: the aiokafka driver with batches."""

    Consumer: ClassVar[type[BatchConsumer]] = BatchConsumer
