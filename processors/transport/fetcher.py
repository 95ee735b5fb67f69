"""An aiokafka consumer that hands out record batches instead of records.

aiokafka makes two Python objects of every record, which costs more than all that the stages do with it. Here what the
broker sent is looked over by its batch headers only, and handed on as bytes (`processors.transport.record_batches`).

What is overridden, and why (aiokafka 0.14, `aiokafka/consumer/fetcher.py`): the fetcher keeps what came for a partition
as an iterator over records. Ours lets it do all else, offsets, leaders, errors, retries, and then puts an iterator over
batches in its place. Old formats and batches of aborted transactions are left to aiokafka, record by record.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.protocol.fetch import FetchRequest

from processors.transport.record_batches import Header, RecordBatches, headers

_ITEMS = 16
"""Most batches that `getmany` returns at once; whoever takes them bounds how many wait."""


class PackedConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka is untyped
    """A consumer whose `getmany` returns `RecordBatches` where it can, and records elsewhere.

    Subscribe or assign after `start`.

    Args:
        batch_records: Most records in one `RecordBatches`.
        options: Those of `AIOKafkaConsumer` but `max_poll_records`.
    """

    def __init__(self, *, batch_records: int, **options: Any) -> None:
        super().__init__(max_poll_records=_ITEMS, **options)
        self._batch_records = batch_records

    async def start(self) -> None:
        """Connect."""
        await super().start()
        ordinary: Any = self._fetcher  # type: ignore[has-type]  # aiokafka's
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
        await ordinary.close()


class _PackedFetcher(Fetcher):  # type: ignore[misc]  # likewise
    def __init__(self, client: Any, subscriptions: Any, *, batch_records: int, **options: Any) -> None:
        self._batch_records = batch_records
        self._overheard = _Overheard(client)
        super().__init__(self._overheard, subscriptions, **options)

    async def _proc_fetch_request(self, assignment: Any, node_id: int, request: Any) -> bool:
        self._overheard.responses.pop(node_id, None)  # of a request that was given up halfway
        needs_wakeup: bool = await super()._proc_fetch_request(assignment, node_id, request)
        response = self._overheard.responses.pop(node_id, None)
        # Nothing ran between the last line of the method above and here: what it booked is what came now.
        for topic, partitions in () if response is None else response.topics:
            for partition, _error, _highwater, *rest in partitions:
                tp = TopicPartition(topic, partition)
                booked = self._records.get(tp)
                if type(booked) is FetchResult and type(booked._partition_records) is PartitionRecords:  # noqa: SLF001
                    packed = self._packed(tp, booked._partition_records, rest[-1])  # noqa: SLF001
                    if packed is not None:
                        booked._partition_records = packed  # noqa: SLF001 - this is the one place where ours comes in
        return needs_wakeup

    def _packed(self, tp: TopicPartition, records: Any, data: bytes) -> _PackedRecords | None:
        if records._aborted_transactions or next(headers(data), None) is None:  # noqa: SLF001 - see above
            return None
        return _PackedRecords(tp, data, records.next_fetch_offset, self._batch_records)


class _Overheard:
    """A client that keeps the last answer of each node to a fetch until it is taken."""

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
    """What came for one partition, as an iterator over `RecordBatches`; stands in for aiokafka's over records."""

    def __init__(self, tp: TopicPartition, data: bytes, first: int, batch_records: int) -> None:
        self._tp = tp
        self._data = data
        self._headers = headers(data)
        self._batch_records = batch_records
        self._held: tuple[Header, int, int] | None = None
        self.next_fetch_offset = first
        """Where the next fetch begins when all that was handed out is consumed; read by aiokafka."""

    def __iter__(self) -> Iterator[RecordBatches]:
        return self

    def __next__(self) -> RecordBatches:
        chosen: list[bytes] = []
        first, count = self.next_fetch_offset, 0
        while count < self._batch_records and (found := self._held or next(self._headers, None)) is not None:
            self._held = None
            header, begin, end = found
            if header.is_control or header.next_offset <= first or not header.records:
                # Marks of transactions; or what was asked for lies behind it; or all of it was compacted away.
                self.next_fetch_offset = max(header.next_offset, first)
                continue
            if header.records > self._batch_records and chosen:
                self._held = found
                break
            stop = min(header.next_offset, max(first, header.base_offset) + self._batch_records)
            if header.records > self._batch_records and stop < header.next_offset:
                self._held = found  # it is handed out in parts
                self.next_fetch_offset = stop
            else:
                self.next_fetch_offset = header.next_offset
            chosen.append(self._data[begin:end])
            count += min(header.records, self._batch_records)
        if not chosen:
            raise StopIteration
        return RecordBatches(self._tp.topic, self._tp.partition, first, self.next_fetch_offset, count, chosen)
