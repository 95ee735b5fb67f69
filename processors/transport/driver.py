"""A Faust transport whose consumer hands an agent one event per fetched partition batch.

A subclass of Faust's aiokafka driver, found through the entry point `hailong` in `faust.transports`, so that an app
with the broker `hailong://host:port` uses it. Topics named by `BatchedApp.batched_topics` are batched; others are
untouched.

What is overridden, and why (Faust 0.15.3, `faust/transport/consumer.py`):

* `_create_worker_consumer`: a consumer that hands out record batches, not records (`processors.transport.fetcher`).
* `_wait_next_records`: each run of records of a partition becomes one message, with a lease from the ledger.
* `ack`, `_filter_tps_with_pending_acks`, `_new_offset`, `_should_commit`, `_commit`, `_commit_offsets`: what may be
  committed is what the ledger says; Faust's bookkeeping can commit past an unfinished message, and believes a commit
  that failed.
* `seek_to_committed`: where nothing was committed yet Faust seeks nowhere and loses what it fetched and dropped during
  a rebalance; ours seeks to the beginning. Every seek voids the leases given before.
* `on_partitions_revoked`: Faust forgets its acknowledgements before it waits for the batch in hand; ours waits,
  commits, and then forgets.
* `_read_offset`, `_add_gap`: Faust drops what lies below the last offset it saw, which is wrong for a topic whose
  offsets begin again, and fills gaps of compacted topics number by number.
* `on_buffer_full`, `on_buffer_drop`: a full agent queue blocks the reading loop, which is all the back-pressure
  needed; Faust's way leaves partitions paused when a rebalance clears the queue.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any, ClassVar, Protocol

import aiokafka
import faust
import structlog
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import IllegalStateError
from faust.transport.consumer import ensure_TP
from faust.transport.drivers import aiokafka as base
from faust.types import TP, Message
from mode.threads import ServiceThread, WorkerThread

from processors.transport.fetched_batch import BatchRecord, FetchedBatch, gathered, span
from processors.transport.fetcher import PackedConsumer
from processors.transport.offset_tracker import Lease, OffsetLedger

_log = structlog.get_logger(__name__)


class AssignmentListener(Protocol):
    """Who must know when partitions come and go; called on the app's event loop."""

    def on_revoking(self) -> None:
        """A rebalance begins: finish the batch in hand or let go of it, and begin no long work."""

    def on_sought(self, committed: Mapping[TP, int | None]) -> None:
        """A rebalance ended (or reading began again): these are our partitions and their committed offsets."""


class BatchedApp(faust.App):
    """A Faust app that says which of its topics are batched.

    Attributes:
        batched_topics: Names of those topics.
        listener: Told about assignments.
        revoke_wait_s: How long a rebalance or a shutdown waits for the batch in hand.
        fetch_wait_ms: How long a fetch may wait for records.
    """

    batched_topics: frozenset[str] = frozenset()
    listener: AssignmentListener | None = None
    revoke_wait_s: float = 20.0
    fetch_wait_ms: int = 500


class _ReadOffsets(defaultdict[TP, int | None]):
    """Faust's last read offsets, unknown for batched topics: their order is kept by the ledger."""

    def __init__(self, batched: frozenset[str]) -> None:
        super().__init__(lambda: None)
        self._batched = batched

    def __getitem__(self, tp: TP) -> int | None:
        return None if tp.topic in self._batched else super().__getitem__(tp)


class _DaemonThread(WorkerThread):
    """A thread that does not keep a process alive whose shutdown was cut short."""

    def __init__(self, service: ServiceThread, **kwargs: Any) -> None:
        super().__init__(service, **kwargs)
        self.daemon = True


class ConsumerThread(base.AIOKafkaConsumerThread):
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
            # Range gives partition p of all topics of a stage to one member. Round robin, Faust's choice for an app
            # without tables, separates them as soon as the members do not divide the partitions.
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

    async def ends(self, tps: Sequence[TP]) -> Mapping[TP, tuple[int, int]]:
        """Our position and the broker's end offset of each partition.

        Raises:
            IllegalStateError: A partition is not ours any more.
        """
        return await self.call_thread(self._ends, tps)  # type: ignore[no-any-return]  # call_thread is untyped

    async def _ends(self, tps: Sequence[TP]) -> Mapping[TP, tuple[int, int]]:
        consumer = self._ensure_consumer()
        owned = [base.ensure_aiokafka_TP(tp) for tp in tps if tp in self.assignment()]
        if not owned:
            return {}
        # Positions first: records that arrive between the two requests make us look behind, never ahead.
        positions = {tp: await consumer.position(tp) for tp in owned}
        ends = await consumer.end_offsets(owned)
        # The embedded broker answers too low (the first record of the last batch, plus one), never too high.
        return {ensure_TP(tp): (positions[tp], max(ends[tp], positions[tp])) for tp in owned}


class Consumer(base.Consumer):
    """Delivers batches and commits what is done."""

    app: BatchedApp
    _thread: ConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ledger = OffsetLedger()
        self._read_offset: MutableMapping[TP, int | None] = _ReadOffsets(self.app.batched_topics)
        self._let_go = asyncio.Event()

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def _batched(self, tp: TP) -> bool:
        return tp.topic in self.app.batched_topics

    async def _wait_next_records(self, timeout: float) -> tuple[Any, set[TP] | None]:  # noqa: ASYNC109 - Faust's signature
        epoch = self.ledger.epoch
        records, active = await super()._wait_next_records(timeout)
        if not records:
            return records, active
        if self.ledger.epoch != epoch:
            # The fetch and a seek crossed: these records may lie behind a hole, and handing them out would let the
            # commit jump over it. Read again from the committed offsets.
            await self._seek_again()
            return {}, active
        return {tp: self._collapse(ensure_TP(tp), run) for tp, run in records.items()}, active

    def _collapse(self, tp: TP, records: Sequence[Any]) -> Sequence[Any]:
        if not records or not self._batched(tp):
            return records
        return [BatchRecord.of(FetchedBatch(run, self._leased(tp, *span(run)))) for run in gathered(records)]

    def _leased(self, tp: TP, first: int, end: int) -> Lease:
        lease = self.ledger.fetched(tp, first, end)
        if lease.restarted:
            _log.warning("offsets_began_again", topic=tp.topic, partition=tp.partition, offset=lease.first)
        return lease

    async def _seek_again(self) -> None:
        try:
            await self.perform_seek()
        except IllegalStateError:
            # The partitions are being taken away: the rebalance that does it ends with a seek of its own.
            _log.info("seek_overtaken_by_rebalance")

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek all partitions to their committed offsets, or to the beginning where there is none."""
        committed = await super().seek_to_committed()
        unset = [tp for tp, offset in committed.items() if not offset or offset < 0]
        if unset:
            await self._thread.seek_to_beginning(*unset)
        known = {ensure_TP(tp): None if tp in unset else offset for tp, offset in committed.items()}
        batched = {tp: offset for tp, offset in known.items() if self._batched(tp)}
        self.ledger.sought(batched)
        if self.app.listener is not None:
            self.app.listener.on_sought(batched)
        return committed

    def on_buffer_full(self, tp: TP) -> None:
        """Nothing: the full queue itself holds back the reading loop."""

    def on_buffer_drop(self, tp: TP) -> None:
        """Nothing, see `on_buffer_full`."""

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        if not self._batched(tp):
            await super()._add_gap(tp, offset_from, offset_to)

    def ack(self, message: Message) -> bool:
        """A batch is done: all its outputs are acknowledged. False if it is not ours to commit any more."""
        if not self._batched(message.tp):
            return super().ack(message)
        message.acked = True
        batch: Any = message.value  # a FetchedBatch: BatchSchema hands it through
        done = self.ledger.done(batch.lease)
        self._let_go.set()
        return done

    def give_back(self, batch: FetchedBatch) -> None:
        """A stage let go of a batch without finishing it; it is read again after the rebalance."""
        self.ledger.give_back(batch.lease)
        self._let_go.set()

    async def wait_empty(self) -> None:
        """Wait for the batch in hand, within the app's bound, then commit what is done."""
        try:
            async with asyncio.timeout(self.app.revoke_wait_s):
                while self.ledger.busy():
                    self._let_go.clear()
                    await self._let_go.wait()
        except TimeoutError:
            # Its outputs may still go out, and will go out again, with the same ids, from whoever reads it next.
            _log.warning("batch_in_hand_not_finished", waited_s=self.app.revoke_wait_s)
        # Faust waits for every message an agent ever held; batches may be void or given back, which the ledger knows.
        self._unacked_messages -= {message for message in self._unacked_messages if self._batched(message.tp)}
        await super().wait_empty()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """A rebalance begins: finish and commit, then forget."""
        if self.app.listener is not None:
            self.app.listener.on_revoking()
        await super().on_partitions_revoked(revoked)
        self.ledger.forget(ensure_TP(tp) for tp in revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """A rebalance ended. Faust seeks nothing for a member that got nothing, but it, too, must hear of the end."""
        await super().on_partitions_assigned(assigned, generation_id)
        if not assigned and self.app.listener is not None:
            self.app.listener.on_sought({})

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        yield from super()._filter_tps_with_pending_acks(topics)
        yield from (tp for tp in self.ledger.partitions() if topics is None or tp in topics or tp.topic in topics)

    def _new_offset(self, tp: TP) -> int | None:
        if self._batched(tp):
            return self.ledger.committable(tp)
        return super()._new_offset(tp)

    def _should_commit(self, tp: TP, offset: int) -> bool:
        return self._batched(tp) or super()._should_commit(tp, offset)

    async def _commit_offsets(self, offsets: Mapping[TP, int], start_new_transaction: bool = True) -> bool:
        before = {tp: self._committed_offset[tp] for tp in offsets}
        did_commit: bool = await super()._commit_offsets(offsets, start_new_transaction)
        if not did_commit:
            self._committed_offset.update(before)
        return did_commit

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        did_commit: bool = await super()._commit(offsets)
        if did_commit:
            for tp, offset in offsets.items():
                self.ledger.committed(tp, offset)
        return did_commit

    async def ends(self, tps: Iterable[TP]) -> Mapping[TP, tuple[int, int]]:
        """Position and end offset of those of the partitions that are ours.

        Raises:
            IllegalStateError: They changed meanwhile.
        """
        return await self._thread.ends(tuple(tps))


class Transport(base.Transport):
    """`hailong://`: the aiokafka driver with batches."""

    Consumer: ClassVar[type[Consumer]] = Consumer
