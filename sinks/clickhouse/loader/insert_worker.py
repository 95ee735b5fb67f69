"""The threads that insert batches, so that the loop goes on polling while ClickHouse is slow or away.

One thread decodes a batch while the other waits for ClickHouse to store the batch before it.

Order for each batch: rows acknowledged by ClickHouse -> dead letters acknowledged by Kafka -> finished. Only then may
its offsets be committed. After a failure before that, the offsets stay uncommitted and the records are read again.
"""

from __future__ import annotations

import queue
import threading
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import structlog

from schemas.dead_letters.limit import DeadLetterGuard
from schemas.errors import Unavailable
from sinks.clickhouse.loader.buffers import InsertBatch
from sinks.clickhouse.loader.inserter import BatchInserter, PreparedInsert, Refused, ShutdownRequested
from sinks.clickhouse.loader.log_epochs import TopicLog
from sinks.clickhouse.loader.options import SinkOptions
from sinks.runtime.dead_letter_producer import DeadLetterProducer

log = structlog.get_logger(__name__)


class InsertWorker:
    """Inserts batches one after another in threads of its own.

    Args:
        inserter: Inserts into ClickHouse.
        dead_letters: Where refused records go.
        guard: Tells when too many records are refused.
        options: Pauses.
        give_up: Set when it must stop whatever is not acknowledged.
    """

    def __init__(
        self,
        inserter: BatchInserter,
        dead_letters: DeadLetterProducer,
        guard: DeadLetterGuard,
        options: SinkOptions,
        give_up: threading.Event,
    ) -> None:
        self._inserter = inserter
        self._dead_letters = dead_letters
        self._guard = guard
        self._options = options
        self._give_up = give_up
        self._todo: queue.SimpleQueue[tuple[InsertBatch, TopicLog, Future[PreparedInsert]] | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[InsertBatch] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._batches = 0
        self._bytes = 0
        self._records = 0
        self._failure: BaseException | None = None
        self._decoder = ThreadPoolExecutor(1, "sink-reader")
        self._thread = threading.Thread(target=self._run, name="sink-writer", daemon=True)

    def start(self) -> None:
        """Start the threads."""
        self._thread.start()

    def submit(self, batch: InsertBatch, topic_log: TopicLog) -> None:
        """Queue a batch."""
        with self._changed:
            self._batches += 1
            self._bytes += batch.size
            self._records += batch.records
        self._todo.put((batch, topic_log, self._prepare(batch, topic_log)))

    @property
    def load(self) -> tuple[int, int, int]:
        """Batches, records and bytes that are queued or being inserted."""
        with self._changed:
            return self._batches, self._records, self._bytes

    def finished(self) -> list[InsertBatch]:
        """Batches inserted since the last call.

        Raises:
            Exception: What stopped the thread.
        """
        found = self.finished_quietly()
        if not found and self._failure is not None:
            raise self._failure  # only after what was inserted before it is noted, and may be committed
        return found

    def finished_quietly(self) -> list[InsertBatch]:
        """Like `finished`, but a failure is left for the next call of `finished`."""
        found = []
        while not self._done.empty():
            found.append(self._done.get())
        return found

    def wait_idle(self, timeout_s: float) -> bool:
        """Wait until everything submitted is inserted; False if that takes too long, or the thread failed."""
        with self._changed:
            self._changed.wait_for(lambda: not self._batches or self._failure is not None, timeout_s)
            return not self._batches and self._failure is None

    def wait_lighter(self, timeout_s: float) -> None:
        """Wait until it holds less than now, the time is up, or the thread failed."""
        with self._changed:
            held = self._bytes
            self._changed.wait_for(lambda: self._bytes < held or self._failure is not None, timeout_s)

    def stop(self, timeout_s: float) -> None:
        """End the threads after what is queued, or sooner when `give_up` is set."""
        self._todo.put(None)
        self._thread.join(timeout_s)
        self._decoder.shutdown(wait=False, cancel_futures=True)
        if not self._thread.is_alive():
            self._inserter.close()

    def _run(self) -> None:
        try:
            while (entry := self._todo.get()) is not None:
                self._handle(*entry)
        except ShutdownRequested as shutdown:
            log.info("writer_gave_up", detail=str(shutdown))
            self._fail(shutdown)
        except BaseException as error:
            # The loop's thread raises it: a fault here must end the process, not only this thread.
            self._fail(error)
            if not isinstance(error, Exception):
                raise

    def _prepare(self, batch: InsertBatch, topic_log: TopicLog) -> Future[PreparedInsert]:
        return self._decoder.submit(self._inserter.prepare, batch.batches, topic_log.epoch)

    def _handle(self, batch: InsertBatch, topic_log: TopicLog, prepared: Future[PreparedInsert]) -> None:
        while True:
            try:
                refused = self._inserter.insert(prepared.result())
                self._set_aside(batch, refused, topic_log)
            except Unavailable as error:
                # Kafka or a schema registry does not answer; inserting again is harmless.
                log.warning("parcel_will_be_repeated", topic=batch.topic.subject, error=str(error))
                if self._give_up.wait(self._options.retry_max_s / 4):
                    raise ShutdownRequested(f"stopped before {batch.records} records were done") from error
                prepared = self._prepare(batch, topic_log)
            else:
                break
        self._done.put(batch)
        with self._changed:
            self._batches -= 1
            self._bytes -= batch.size
            self._records -= batch.records
            self._changed.notify_all()

    def _set_aside(self, inserted: InsertBatch, refused: Sequence[Refused], topic_log: TopicLog) -> None:
        """Send dead letters, unless there are too many: then none, or each restart would set aside one more batch."""
        reasons: defaultdict[int, dict[int, str]] = defaultdict(dict)
        for one in refused:
            for reject in one.rejects:
                reasons[one.batch.partition][one.batch.offsets[reject.index]] = f"{reject.reason}: {reject.detail}"
        for batch in inserted.batches:
            known = reasons[batch.partition]
            own = {offset: known[offset] for offset in batch.offsets if offset in known} if known else {}
            self._guard.check(inserted.topic, topic_log.identity, batch.partition, batch.offsets, own)
        for one in refused:
            self._dead_letters.send(one.batch, one.rejects, topic_log.identity)

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self._failure = error
            self._changed.notify_all()
