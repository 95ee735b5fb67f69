"""One stage at work: batch by batch, all or nothing.

The order for a batch, and what holds if a step fails:

1. take the lease: a batch that is not ours any more is dropped, it comes again elsewhere
2. ensure the view: interrupted by a rebalance, the batch is given back and nothing happened
3. absorb, in the worker thread, so that heartbeats go on
4. publish outputs and dead letters, and wait for all acknowledgements
5. acknowledge: only now may the offset be committed

If 3 or 4 fails the view knows records whose outputs Kafka may not have. It must never be used again, so the worker
dies, and the next one begins at the committed offset.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, cast

import structlog
from aiokafka.errors import KafkaError
from faust.types import TP, EventT

from processors.stages.stage import EncodedBatch, Output, Stage
from processors.transport.driver import BatchedApp, Consumer
from processors.transport.fetched_batch import FetchedBatch
from processors.worker import metrics
from processors.worker.health import StageProgress
from processors.worker.idle_partitions import Idleness
from processors.worker.options import WorkerOptions
from processors.worker.output.output_publisher import Outbox
from processors.worker.state.partition_views import Views
from processors.worker.state.restore import RebuildInterrupted
from processors.worker.state.snapshot_scheduler import Snapshotter
from processors.worker.tuning import gc_tuning
from schemas.topics import Topic

_log = structlog.get_logger(__name__)

_TICK_S = 1.0


class StageRunner:
    """Runs one stage inside its Faust app. Methods are for the app's event loop unless they say otherwise.

    Args:
        stage: The stage.
        topics: Full topic name of each input.
        views: Its views; from now on touched by the runner's thread alone.
        outbox: Where its outputs go; likewise.
        interrupted: Set to stop a rebuild that is under way.
        options: Settings.
        clock: Wall clock, epoch milliseconds.
        snapshots: Takes snapshots of its views; None for none.
    """

    def __init__(
        self,
        stage: Stage,
        topics: Mapping[Topic, str],
        views: Views,
        outbox: Outbox,
        interrupted: threading.Event,
        options: WorkerOptions,
        clock: Callable[[], int],
        snapshots: Snapshotter | None = None,
    ) -> None:
        self.stage = stage
        self._names = dict(topics)
        self._topics = {name: topic for topic, name in topics.items()}
        self._views = views
        self._outbox = outbox
        self._interrupted = interrupted
        self._clock = clock
        self._snapshots = snapshots
        self._idleness = Idleness(options.idle_advance_s)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"hailong-{stage.name}")
        self._assignments: queue.SimpleQueue[Mapping[tuple[Topic, int], int | None]] = queue.SimpleQueue()
        self._owned: frozenset[int] = frozenset()
        self._fault: BaseException | None = None
        self._stopping = False
        self._state = "starting"
        self._records = 0
        self._last_progress_at = clock()
        self._lag: Mapping[str, int] = {}
        self._shown: AbstractSet[TP] = frozenset()
        self.app: BatchedApp  # set by `processors.worker.app`, which needs the runner to build it

    def on_revoking(self) -> None:
        """A rebalance begins."""
        self._state = "rebalancing"
        self._interrupted.set()

    def on_sought(self, committed: Mapping[TP, int | None]) -> None:
        """Reading begins at these offsets."""
        assigned = {(self._topics[tp.topic], tp.partition): offset for tp, offset in committed.items()}
        self._assignments.put(assigned)
        self._owned = frozenset(partition for _topic, partition in assigned)
        self._idleness.restart()
        if not self._stopping:
            self._interrupted.clear()
        self._state = "running"
        self._last_progress_at = self._clock()
        _log.info("partitions_assigned", stage=self.stage.name, partitions=sorted(self._owned))

    async def handle(self, event: EventT[Any]) -> None:
        """Do one batch and acknowledge it, or fail for good."""
        batch: FetchedBatch = cast("Any", event.value)
        consumer = self._consumer()
        try:
            if not consumer.ledger.take(batch.lease):
                return
            await self._in_thread(partial(self._finish, batch, self._bounds(batch), self._missing()))
        except RebuildInterrupted:
            consumer.give_back(batch)
        except Exception as error:  # noqa: BLE001 - whatever it is, the view can no longer be trusted: the worker dies of it
            consumer.give_back(batch)
            self._fail(error)
        else:
            event.ack()
            self._progressed(batch)

    def _bounds(self, batch: FetchedBatch) -> Mapping[Topic, int]:
        """Up to where a missing view is rebuilt: all that is done, never what is only fetched."""
        own = self._topics[batch.lease.tp.topic]
        return {**self._done_offsets(batch.lease.tp.partition), own: batch.lease.first}

    def _done_offsets(self, partition: int) -> Mapping[Topic, int]:
        ledger = self._consumer().ledger
        return {topic: ledger.done_offset(TP(name, partition)) or 0 for topic, name in self._names.items()}

    def _missing(self) -> Mapping[int, Mapping[Topic, int]]:
        """Bounds of the partitions that are ours and have no view yet."""
        if self._state != "running":
            return {}
        lacking = sorted(self._owned - self._views.partitions())
        return {partition: self._done_offsets(partition) for partition in lacking}

    def _finish(
        self, fetched: FetchedBatch, bounds: Mapping[Topic, int], missing: Mapping[int, Mapping[Topic, int]]
    ) -> None:
        """Steps 2 to 4, in the worker thread."""
        batch = fetched.batch(self._topics[fetched.lease.tp.topic])
        if fetched.lease.restarted:
            if self._snapshots is not None:
                self._snapshots.distrust()
            view = self._views.begin_again(batch.partition, bounds)
        else:
            view = self._views.ensure(batch.partition, bounds, missing)
        with metrics.ABSORB_SECONDS.labels(self.stage.name).time():
            absorbed = view.absorb(batch)
        self._outbox.send(batch, absorbed)
        _look_at_what_is_new(absorbed.outputs)

    def _progressed(self, batch: FetchedBatch) -> None:
        subject, count = self._topics[batch.lease.tp.topic].subject, len(batch)
        metrics.RECORDS.labels(self.stage.name, subject).inc(count)
        metrics.BATCHES.labels(self.stage.name, subject).inc()
        self._records += count
        self._idleness.touched(batch.lease.tp.partition)
        self.note_progress()

    async def tick_forever(self) -> None:
        """Once a second: rebuild missing views, measure lag, let time pass on idle partitions, take snapshots."""
        while not self._stopping:
            await asyncio.sleep(_TICK_S)
            if self._state != "running":
                continue
            try:
                await self._tick()
            except RebuildInterrupted:
                continue
            except KafkaError as error:
                # The broker is away or a rebalance came between: nothing is known about the end, so nothing advances.
                _log.info("progress_unknown", stage=self.stage.name, error=type(error).__name__)
            except Exception as error:  # noqa: BLE001 - as in `handle`
                self._fail(error)
                return

    async def _tick(self) -> None:
        caught_up = await self._look_around()
        while missing := self._missing():
            partition = next(iter(missing))
            await self._in_thread(partial(self._views.ensure, partition, missing[partition], missing))
        now = time.monotonic()
        for partition in sorted(self._owned):
            if self._idleness.may_advance(partition, now, caught_up=partition in caught_up):
                await self._in_thread(partial(self._advance, partition))
        if self._snapshots is not None:
            await self._in_thread(partial(self._snapshots.take_due, self._views.present(), now))
        if len(caught_up) == len(self._owned):
            self.note_progress()

    async def _look_around(self) -> frozenset[int]:
        """Measure lag; return the partitions of which everything is read and done."""
        consumer = self._consumer()
        tps = [TP(name, partition) for name in self._topics for partition in self._owned]
        ends = await consumer.ends(tps)
        waiting = {tp: max(0, end - consumer.ledger.reached(tp, position)) for tp, (position, end) in ends.items()}
        for tp, lag in waiting.items():
            metrics.LAG.labels(self.stage.name, self._topics[tp.topic].subject, tp.partition).set(lag)
        for tp in self._shown - waiting.keys():  # another worker's now: its last lag here would stand for ever
            metrics.LAG.remove(self.stage.name, self._topics[tp.topic].subject, str(tp.partition))
        self._shown = waiting.keys()
        self._lag = {f"{tp.topic}[{tp.partition}]": lag for tp, lag in waiting.items()}
        behind = {tp.partition for tp in tps if waiting.get(tp, 1)}
        return self._owned - behind

    def _advance(self, partition: int) -> None:
        outputs = self._views.advance(partition, self._clock())
        self._outbox.send_outputs(outputs)
        _look_at_what_is_new(outputs)

    async def _in_thread(self, work: Callable[[], object]) -> None:
        epoch = self._consumer().ledger.epoch
        await asyncio.get_running_loop().run_in_executor(self._thread, self._guarded, epoch, work)

    def _guarded(self, epoch: int, work: Callable[[], object]) -> None:
        """Run work in the worker thread; after a fault nothing is run any more, even if nobody waited for the fault."""
        if self._fault is not None:
            raise self._fault
        try:
            self._settle(epoch)
            work()
        except RebuildInterrupted:
            raise
        except BaseException as error:
            self._fault = error
            raise

    def _settle(self, epoch: int) -> None:
        """Follow the rebalances up to now; work that was planned before the last one is not done."""
        while not self._assignments.empty():
            self._views.reconcile(self._assignments.get())
        if self._consumer().ledger.epoch != epoch:
            raise RebuildInterrupted(f"{self.stage.name}: partitions changed hands")

    def _fail(self, error: BaseException) -> None:
        """The worker sees the fault and stops all stages in order: what is done is committed, this batch is not."""
        if self._state != "failed":
            _log.error("stage_failed", stage=self.stage.name, error=type(error).__name__, exc_info=error)
        self._state = "failed"
        self._fault = error

    def note_progress(self) -> None:
        """Something was done; from any thread."""
        self._last_progress_at = self._clock()
        metrics.LAST_PROGRESS.labels(self.stage.name).set(self._last_progress_at / 1000)

    def _consumer(self) -> Consumer:
        return cast("Consumer", self.app.consumer)

    @property
    def fault(self) -> BaseException | None:
        """What it died of."""
        return self._fault

    def progress(self) -> StageProgress:
        """A snapshot; from any thread."""
        views = len(self._views.partitions())
        return StageProgress(self.stage.name, self._state, self._last_progress_at, self._records, self._lag, views)

    def stop(self) -> None:
        """Begin no long work any more; the batch in hand goes on."""
        self._stopping = True
        self._interrupted.set()

    def close(self) -> None:
        """Let go of the thread, after the app has stopped."""
        self._state = "failed" if self._fault is not None else "stopped"
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._snapshots is not None:
            self._snapshots.close()


def _look_at_what_is_new(outputs: Sequence[Output]) -> None:
    """What was said is remembered in place of what had been said before; the records of a bundle are not kept."""
    if not isinstance(outputs, EncodedBatch):
        gc_tuning.replaced(len(outputs))


def topic_names(inputs: Sequence[Topic], prefix: str) -> Mapping[Topic, str]:
    """Full names of topics."""
    return {topic: topic.value.name(prefix) for topic in inputs}
