"""The threads that store parcels, so that the consumer goes on polling while ClickHouse is slow or away.

One makes rows of a parcel while the other one waits for ClickHouse, which stores the parcel before.

Order of one parcel: rows acknowledged by ClickHouse -> dead letters acknowledged by Kafka -> done. Only then may the
consumer commit its offsets. Whatever fails before leaves the offsets uncommitted, and the records are read again.
"""

from __future__ import annotations

import queue
import threading
from collections import defaultdict
from concurrent.futures import Future, ThreadPoolExecutor

import structlog

from schemas.dead_letters.limit import DeadLetterGuard
from schemas.errors import Unavailable
from sinks.clickhouse.loader.buffers import InsertBatch
from sinks.clickhouse.loader.inserter import PreparedInsert, Refused, ShutdownRequested, Store
from sinks.clickhouse.loader.log_epochs import Log
from sinks.clickhouse.loader.options import SinkOptions
from sinks.kafka.dead_letter_producer import DeadLetterOffice

log = structlog.get_logger(__name__)


class Writer:
    """Stores parcels one after another in threads of its own.

    Args:
        store: ClickHouse.
        office: Where refused records go.
        guard: Says when too much is refused.
        options: Pauses.
        give_up: Set when it must stop whatever is not acknowledged.
    """

    def __init__(
        self,
        store: Store,
        office: DeadLetterOffice,
        guard: DeadLetterGuard,
        options: SinkOptions,
        give_up: threading.Event,
    ) -> None:
        self._store = store
        self._office = office
        self._guard = guard
        self._options = options
        self._give_up = give_up
        self._todo: queue.SimpleQueue[tuple[InsertBatch, Log, Future[PreparedInsert]] | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[InsertBatch] = queue.SimpleQueue()
        self._lock = threading.Condition()
        self._waiting = 0
        self._bytes = 0
        self._records = 0
        self._failure: BaseException | None = None
        self._reader = ThreadPoolExecutor(1, "sink-reader")
        self._thread = threading.Thread(target=self._run, name="sink-writer", daemon=True)

    def start(self) -> None:
        """Start the threads."""
        self._thread.start()

    def submit(self, parcel: InsertBatch, log_: Log) -> None:
        """Queue a parcel."""
        with self._lock:
            self._waiting += 1
            self._bytes += parcel.size
            self._records += parcel.records
        self._todo.put((parcel, log_, self._read(parcel, log_)))

    @property
    def load(self) -> tuple[int, int, int]:
        """Parcels, records and bytes that are queued or being stored."""
        with self._lock:
            return self._waiting, self._records, self._bytes

    def finished(self) -> list[InsertBatch]:
        """Parcels stored since the last call.

        Raises:
            Exception: What stopped the thread.
        """
        found = self.finished_quietly()
        if not found:
            self.raise_failure()  # what was stored before it is noted, and may be committed, first
        return found

    def raise_failure(self) -> None:
        """Nothing while the thread is in order.

        Raises:
            Exception: What stopped the thread.
        """
        if self._failure is not None:
            raise self._failure

    def finished_quietly(self) -> list[InsertBatch]:
        """As `finished`, but a failure is left for the next call of that."""
        found = []
        while not self._done.empty():
            found.append(self._done.get())
        return found

    def wait_idle(self, timeout_s: float) -> bool:
        """Wait until everything submitted is stored; False when it was not in time, or the thread failed."""
        with self._lock:
            return self._lock.wait_for(lambda: not self._waiting or self._failure is not None, timeout_s) and (
                self._failure is None
            )

    def wait_lighter(self, timeout_s: float) -> None:
        """Wait until it holds less than now, or until the time is up, or the thread failed."""
        with self._lock:
            held = self._bytes
            self._lock.wait_for(lambda: self._bytes < held or self._failure is not None, timeout_s)

    def stop(self, timeout_s: float) -> None:
        """End the threads after what is queued, or sooner when `give_up` is set."""
        self._todo.put(None)
        self._thread.join(timeout_s)
        self._reader.shutdown(wait=False, cancel_futures=True)
        if not self._thread.is_alive():
            self._store.close()

    def _run(self) -> None:
        try:
            while (entry := self._todo.get()) is not None:
                self._handle(*entry)
        except ShutdownRequested as given_up:
            log.info("writer_gave_up", detail=str(given_up))
            self._fail(given_up)
        except BaseException as error:
            # Handed to the consumer's thread, which raises it: a fault here must end the process, not only this thread.
            self._fail(error)
            if not isinstance(error, Exception):
                raise

    def _read(self, parcel: InsertBatch, log_: Log) -> Future[PreparedInsert]:
        return self._reader.submit(self._store.read, parcel.batches, log_.epoch)

    def _handle(self, parcel: InsertBatch, log_: Log, reading: Future[PreparedInsert]) -> None:
        while True:
            try:
                refused = self._store.store(reading.result())
                self._set_aside(parcel, refused, log_)
            except Unavailable as error:
                # Kafka or a schema registry does not answer; storing again is harmless.
                log.warning("parcel_will_be_repeated", topic=parcel.topic.subject, error=str(error))
                if self._give_up.wait(self._options.retry_max_s / 4):
                    raise ShutdownRequested(f"stopped before {parcel.records} records were done") from error
                reading = self._read(parcel, log_)
            else:
                break
        self._done.put(parcel)
        with self._lock:
            self._waiting -= 1
            self._bytes -= parcel.size
            self._records -= parcel.records
            self._lock.notify_all()

    def _set_aside(self, parcel: InsertBatch, refused: list[Refused], log_: Log) -> None:
        """Dead letters, unless there are too many: then none, or each restart would set one more parcel aside."""
        why: defaultdict[int, dict[int, str]] = defaultdict(dict)
        for one in refused:
            for reject in one.rejects:
                why[one.batch.partition][one.batch.offsets[reject.index]] = f"{reject.reason}: {reject.detail}"
        for batch in parcel.batches:
            known = why[batch.partition]
            own = {offset: known[offset] for offset in batch.offsets if offset in known} if known else {}
            self._guard.check(parcel.topic, log_.identity, batch.partition, batch.offsets, own)
        for one in refused:
            self._office.send(one.batch, one.rejects, log_.identity)

    def _fail(self, error: BaseException) -> None:
        with self._lock:
            self._failure = error
            self._lock.notify_all()
