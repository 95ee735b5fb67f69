"""Runs one stage: batch by batch, each completely or not at all.

The steps of a batch, and what holds if one of them fails:

1. start: a batch that is not ours any more is dropped; its owner reads it again
2. restore the view if it is missing: if a rebalance interrupts this, the batch is released and nothing has happened
3. update the view and compute the outputs, in the worker thread, so that heartbeats go on
4. publish outputs and dead letters, and wait until Kafka has acknowledged all of them
5. mark the batch done: only now may its offset be committed

If 3 or 4 fails, the view contains records whose outputs may not be in Kafka. It must never be used again: the worker
stops, and the next one starts at the committed offset.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar, cast

import structlog
from aiokafka.errors import KafkaError
from faust.types import TP, EventT

from processors.stages.stage import EncodedBatch, ForgettingState, MeasuredState, Output, Stage
from processors.transport.driver import BatchConsumer, BatchedApp
from processors.transport.fetched_batch import FetchedBatch, to_batch
from processors.worker import metrics
from processors.worker.health import StageProgress
from processors.worker.idle_partitions import IdlePartitions
from processors.worker.lag import LagMeter
from processors.worker.options import WorkerOptions
from processors.worker.output.output_publisher import OutputPublisher
from processors.worker.state.partition_views import PartitionViews
from processors.worker.state.restore import RestoreInterrupted
from processors.worker.state.snapshot_scheduler import SnapshotScheduler
from processors.worker.tuning import gc_tuning
from processors.worker.tuning.malloc_trim import Trimmer
from schemas.topics import Topic

T = TypeVar("T")

_log = structlog.get_logger(__name__)

_TICK_S = 1.0
_REST_FACTOR = 2.0
"""After a costly batch a stage rests for so many times its duration, so it takes at most a third of a core,"""
_LONGEST_REST_S = 2.0
"""but not longer than this: what comes meanwhile waits."""


class StageRunner:
    """Runs one stage inside its Faust app. Call methods on the app's event loop unless they say otherwise.

    Views and publisher are touched by one worker thread alone. The event loop hands it work, and the assignments in a
    queue, so that an outdated view is dropped before the next batch is processed.

    `topics` are the full topic names of the inputs; setting `interrupted` stops a restore that is under way; the clock
    gives epoch milliseconds.
    """

    def __init__(
        self,
        stage: Stage,
        topics: Mapping[Topic, str],
        views: PartitionViews,
        publisher: OutputPublisher,
        interrupted: threading.Event,
        options: WorkerOptions,
        clock: Callable[[], int],
        snapshots: SnapshotScheduler | None = None,
    ) -> None:
        self.stage = stage
        self._names = dict(topics)
        self._topics = {name: topic for topic, name in topics.items()}
        self._views = views
        self._publisher = publisher
        self._interrupted = interrupted
        self._clock = clock
        self._snapshots = snapshots
        self._idle = IdlePartitions(options.idle_advance_s)
        self._forget_interval_s = options.forget_interval_s
        self._forgot_at: dict[int, float] = {}
        self._trimmer = Trimmer()
        self._lag = LagMeter(stage.name, self._topics)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"hailong-{stage.name}")
        self._assignments: queue.SimpleQueue[Mapping[tuple[Topic, int], int | None]] = queue.SimpleQueue()
        self._owned: frozenset[int] = frozenset()
        self.fault: BaseException | None = None
        """What made the stage fail."""
        self._stopping = False
        self._state = "starting"
        self._records = 0
        self._last_progress_at = clock()
        self.app: BatchedApp  # set by `processors.worker.app`, which needs the runner to build it

    # Rebalances

    def on_rebalance_started(self) -> None:
        """A rebalance starts: interrupt a restore."""
        self._state = "rebalancing"
        self._interrupted.set()

    def on_assigned(self, committed: Mapping[TP, int | None]) -> None:
        """Reading restarts at these committed offsets."""
        assigned = {(self._topics[tp.topic], tp.partition): offset for tp, offset in committed.items()}
        self._assignments.put(assigned)
        self._owned = frozenset(partition for _topic, partition in assigned)
        self._idle.reset()
        if not self._stopping:
            self._interrupted.clear()
        self._state = "running"
        self._last_progress_at = self._clock()
        _log.info("partitions_assigned", stage=self.stage.name, partitions=sorted(self._owned))

    # Batches

    async def handle_batch(self, event: EventT[Any]) -> None:
        """Process one batch and mark it done, or fail for good."""
        batch: FetchedBatch = cast("Any", event.value)
        consumer = self._consumer()
        try:
            if not consumer.tracker.start(batch.offsets):
                return
            process = partial(self._process, batch, self._restore_up_to(batch), self._without_view())
            rest_s = await self._in_thread(process)
        except RestoreInterrupted:
            consumer.release(batch)
        except Exception as error:  # noqa: BLE001 - whatever it is, the view can no longer be trusted: the worker stops
            consumer.release(batch)
            self._fail(error)
        else:
            event.ack()
            self._count(batch)
            if rest_s:
                await asyncio.sleep(rest_s)

    def _restore_up_to(self, batch: FetchedBatch) -> Mapping[Topic, int]:
        """Where the restore of a missing view ends: at what is done; for the batch's own topic, before the batch."""
        own = self._topics[batch.offsets.tp.topic]
        return {**self._done_offsets(batch.offsets.tp.partition), own: batch.offsets.first}

    def _done_offsets(self, partition: int) -> Mapping[Topic, int]:
        tracker = self._consumer().tracker
        return {topic: tracker.done_offset(TP(name, partition)) or 0 for topic, name in self._names.items()}

    def _without_view(self) -> Mapping[int, Mapping[Topic, int]]:
        """Done offsets of our partitions that have no view yet."""
        if self._state != "running":
            return {}
        views = self._views.by_partition()
        return {partition: self._done_offsets(partition) for partition in sorted(self._owned) if partition not in views}

    def _process(
        self, fetched: FetchedBatch, restore_up_to: Mapping[Topic, int], missing: Mapping[int, Mapping[Topic, int]]
    ) -> float:
        """Steps 2 to 4, in the worker thread; returns for how many seconds the stage should rest afterwards."""
        offsets = fetched.offsets
        batch = to_batch(self._topics[offsets.tp.topic], offsets.tp.partition, fetched.records)
        if offsets.log_restarted:
            if self._snapshots is not None:
                self._snapshots.disable()
            view = self._views.restore_from_log(batch.partition, restore_up_to)
        else:
            view = self._views.get_or_restore(batch.partition, restore_up_to, missing)
        began = time.monotonic()
        absorbed = view.absorb(batch)
        seconds = time.monotonic() - began
        metrics.ABSORB_SECONDS.labels(self.stage.name).observe(seconds)
        self._publisher.publish_batch(batch, absorbed)  # returns when Kafka has acknowledged everything
        _collect_garbage_after(absorbed.outputs)
        self._trimmer.note_records(len(batch))
        return min(_LONGEST_REST_S, _REST_FACTOR * seconds) if absorbed.costly else 0.0

    def _count(self, batch: FetchedBatch) -> None:
        subject, count = self._topics[batch.offsets.tp.topic].subject, len(batch)
        metrics.RECORDS.labels(self.stage.name, subject).inc(count)
        metrics.BATCHES.labels(self.stage.name, subject).inc()
        self._records += count
        self._idle.mark_busy(batch.offsets.tp.partition)
        self.note_progress()

    # Once a second

    async def tick_forever(self) -> None:
        """Once a second: restore missing views, measure lag, advance the time of idle partitions, take snapshots."""
        while not self._stopping:
            await asyncio.sleep(_TICK_S)
            if self._state != "running":
                continue
            try:
                await self._tick()
            except RestoreInterrupted:
                continue
            except KafkaError as error:
                # The broker is away, or a rebalance came: the end of the log is unknown, so no time advances.
                _log.info("progress_unknown", stage=self.stage.name, error=type(error).__name__)
            except Exception as error:  # noqa: BLE001 - as in `handle_batch`
                self._fail(error)
                return

    async def _tick(self) -> None:
        caught_up = await self._lag.measure(self._consumer(), self._owned)
        while missing := self._without_view():
            partition = next(iter(missing))
            await self._in_thread(partial(self._views.get_or_restore, partition, missing[partition], missing))
        now = time.monotonic()
        for partition in sorted(self._owned):
            if self._idle.may_advance(partition, now, caught_up=partition in caught_up):
                await self._in_thread(partial(self._advance, partition))
            if partition in caught_up:
                await self._forget(partition, now)
        self._report_sizes()
        if self._snapshots is not None:
            await self._in_thread(partial(self._snapshots.start_most_overdue, self._views.by_partition(), now))
        if len(caught_up) == len(self._owned):
            self.note_progress()

    async def _forget(self, partition: int, now: float) -> None:
        """Let a view forget what Kafka has deleted, from time to time, when everything is read."""
        view = self._views.by_partition().get(partition)
        if view is None or not isinstance(view.state, ForgettingState):
            return
        if now - self._forgot_at.get(partition, -self._forget_interval_s) >= self._forget_interval_s:
            self._forgot_at[partition] = now
            tps = {TP(name, partition): topic for name, topic in self._topics.items()}
            starts = await self._consumer().log_starts(list(tps))
            log_starts = {tps[tp]: offset for tp, offset in starts.items()}
            await self._in_thread(partial(self._views.forget, partition, log_starts))

    def _report_sizes(self) -> None:
        for partition, view in list(self._views.by_partition().items()):
            if isinstance(view.state, MeasuredState):
                for what, count in view.state.sizes().items():
                    metrics.VIEW_SIZE.labels(self.stage.name, partition, what).set(count)

    def _advance(self, partition: int) -> None:
        outputs = self._views.advance(partition, self._clock())
        self._publisher.publish_outputs(outputs)
        _collect_garbage_after(outputs)

    # The worker thread

    async def _in_thread(self, work: Callable[[], T]) -> T:
        epoch = self._consumer().tracker.assignment_epoch
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run_guarded, epoch, work)

    def _run_guarded(self, epoch: int, work: Callable[[], T]) -> T:
        """Run work in the worker thread. After a fault nothing runs any more, even if nobody awaited the fault."""
        if self.fault is not None:
            raise self.fault
        try:
            self._apply_assignments(epoch)
            return work()
        except RestoreInterrupted:
            raise
        except BaseException as error:
            self.fault = error
            raise

    def _apply_assignments(self, epoch: int) -> None:
        """Drop outdated views; refuse work that was planned before the last rebalance."""
        while not self._assignments.empty():
            self._views.drop_outdated(self._assignments.get())
        if self._consumer().tracker.assignment_epoch != epoch:
            raise RestoreInterrupted(f"{self.stage.name}: partitions changed hands")

    def _fail(self, error: BaseException) -> None:
        """The worker sees the fault and stops all stages in order: what is done is committed, this batch is not."""
        if self._state != "failed":
            _log.error("stage_failed", stage=self.stage.name, error=type(error).__name__, exc_info=error)
        self._state = "failed"
        self.fault = error

    def _consumer(self) -> BatchConsumer:
        return cast("BatchConsumer", self.app.consumer)

    # Progress and stop

    def note_progress(self) -> None:
        """Something was done; from any thread."""
        self._last_progress_at = self._clock()
        metrics.LAST_PROGRESS.labels(self.stage.name).set(self._last_progress_at / 1000)

    def progress(self) -> StageProgress:
        """The progress so far; from any thread."""
        views = len(self._views.by_partition())
        return StageProgress(self.stage.name, self._state, self._last_progress_at, self._records, self._lag.lag, views)

    def stop(self) -> None:
        """Start no long work any more; the batch in progress goes on."""
        self._stopping = True
        self._interrupted.set()

    def close(self) -> None:
        """Shut the thread down, after the app has stopped."""
        self._state = "failed" if self.fault is not None else "stopped"
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._snapshots is not None:
            self._snapshots.close()


def _collect_garbage_after(outputs: Sequence[Output]) -> None:
    """Count outputs that replace older ones in memory; an encoded batch keeps none of its records."""
    if not isinstance(outputs, EncodedBatch):
        gc_tuning.records_replaced(len(outputs))
