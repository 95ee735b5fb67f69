"""An aiokafka consumer that returns Kafka's record batches instead of single records.

aiokafka makes two Python objects of every record, which costs more than all the work of the stages on it. Here only the
batch headers are read, and the bytes are passed on (`processors.transport.record_batches`).

What is overridden, and why (aiokafka 0.14, `aiokafka/consumer/fetcher.py`): the fetcher stores the answer for a
partition as an iterator over records. We let it do everything else (offsets, leaders, errors, retries), then replace
that iterator by one over batches. Old formats and batches of aborted transactions stay with aiokafka, record by record.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.protocol.fetch import FetchRequest

from processors.transport.record_batches import BatchHeader, RecordBatches, read_headers

_MAX_POLL_ITEMS = 16
"""Most batches that one `getmany` returns; the caller's queue bounds how many wait."""


class PackedConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka is untyped
    """A consumer whose `getmany` returns `RecordBatches` where it can, and single records elsewhere.

    Subscribe or assign after `start`.

    Args:
        batch_records: Most records in one `RecordBatches`.
        options: Options of `AIOKafkaConsumer`, except `max_poll_records`.
    """

    def __init__(self, *, batch_records: int, **options: Any) -> None:
        super().__init__(max_poll_records=_MAX_POLL_ITEMS, **options)
        self._batch_records = batch_records

    async def start(self) -> None:
        """Connect, and replace aiokafka's fetcher by ours."""
        await super().start()
        original: Any = self._fetcher  # type: ignore[has-type]  # aiokafka's
        self._fetcher = _PackedFetcher(
            self._client,
            self._subscription,
            batch_records=self._batch_records,
            fetch_min_bytes=self._fetch_min_bytes,
            fetch_max_bytes=self._fetch_max_bytes,
            fetch_max_wait_ms=self._fetch_max_wait_ms,
            max_partition_fetch_bytes=self._max_partition_fetch_bytes,
            check_crcs=self._check_crcs,
            fetcher_timeout=self._consumer_timeout,
            retry_backoff_ms=self._retry_backoff_ms,
            auto_offset_reset=self._auto_offset_reset,
            isolation_level=self._isolation_level,
            client_rack=self._client_rack,
        )
        await original.close()


class _PackedFetcher(Fetcher):  # type: ignore[misc]  # aiokafka is untyped
    def __init__(self, client: Any, subscriptions: Any, *, batch_records: int, **options: Any) -> None:
        self._batch_records = batch_records
        self._recorder = _ResponseRecorder(client)
        super().__init__(self._recorder, subscriptions, **options)

    async def _proc_fetch_request(self, assignment: Any, node_id: int, request: Any) -> bool:
        self._recorder.responses.pop(node_id, None)  # left over from a request that was cancelled
        needs_wakeup: bool = await super()._proc_fetch_request(assignment, node_id, request)
        response = self._recorder.responses.pop(node_id, None)
        # No other task ran since the method above stored its results, so they belong to this response.
        for topic, partitions in () if response is None else response.topics:
            for partition, _error, log_end, *rest in partitions:
                tp = TopicPartition(topic, partition)
                stored = self._records.get(tp)
                if type(stored) is FetchResult and type(stored._partition_records) is PartitionRecords:  # noqa: SLF001 - aiokafka has no public hook
                    packed = self._packed(tp, stored._partition_records, log_end, rest)  # noqa: SLF001 - likewise
                    if packed is not None:
                        # Its generator refers to it: the whole answer would stay until Python's collector comes, which
                        # is seldom while statuses are read. 84 million left more than a gigabyte.
                        stored._partition_records._records_iterator = None  # noqa: SLF001 - likewise
                        stored._partition_records = packed  # noqa: SLF001 - the one place where our iterator goes in
        return needs_wakeup

    def _packed(self, tp: TopicPartition, records: Any, log_end: int, rest: Sequence[Any]) -> _PackedRecords | None:
        data = rest[-1]
        if records._aborted_transactions or next(read_headers(data), None) is None:  # noqa: SLF001 - likewise
            return None
        if len(rest) > 1 and rest[0] >= 0:
            log_end = min(log_end, rest[0])  # the last stable offset: what follows belongs to an open transaction
        return _PackedRecords(tp, data, records.next_fetch_offset, self._batch_records, log_end)


class _ResponseRecorder:
    """A client that keeps the last fetch response of each node until it is taken."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.responses: dict[int, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def send(self, node_id: int, request: Any, **options: Any) -> Any:
        response = await self._client.send(node_id, request, **options)
        if isinstance(request, FetchRequest):
            self.responses[node_id] = response
        return response


class _PackedRecords:
    """The fetched data of one partition as an iterator over `RecordBatches`; replaces aiokafka's `PartitionRecords`."""

    def __init__(self, tp: TopicPartition, data: bytes, first: int, batch_records: int, log_end: int) -> None:
        self._tp = tp
        self._data = data
        self._headers = read_headers(data)
        self._batch_records = batch_records
        self._log_end = log_end
        self._held: tuple[BatchHeader, int, int] | None = None
        self.next_fetch_offset = first
        """Where the next fetch starts once everything returned is consumed; aiokafka reads it."""

    def __iter__(self) -> Iterator[RecordBatches]:
        return self

    def __next__(self) -> RecordBatches:
        chosen: list[bytes] = []
        first, count = self.next_fetch_offset, 0
        while count < self._batch_records and (found := self._held or next(self._headers, None)) is not None:
            self._held = None
            header, start, stop = found
            if header.is_control or header.next_offset <= first or not header.records:
                # Transaction markers; or all below the offset asked for; or everything in it was compacted away.
                self.next_fetch_offset = max(header.next_offset, first)
                continue
            too_large = header.records > self._batch_records
            if too_large and chosen:
                self._held = found
                break
            end = min(header.next_offset, max(first, header.base_offset) + self._batch_records)
            if too_large and end < header.next_offset:
                self._held = found  # it is returned in parts
                self.next_fetch_offset = end
            else:
                self.next_fetch_offset = header.next_offset
            chosen.append(self._data[start:stop])
            count += min(header.records, self._batch_records)
        if not chosen:
            raise StopIteration
        end = self.next_fetch_offset
        remaining = max(0, self._log_end - end)
        return RecordBatches(self._tp.topic, self._tp.partition, first, end, count, chosen, remaining)
