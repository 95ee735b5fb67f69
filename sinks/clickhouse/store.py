"""Storing batches: blocks inserted, faults told apart, outcomes made known."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import structlog
from clickhouse_driver import Client

from schemas.batch import RawBatch, Reject
from schemas.errors import HailongError, Reason
from schemas.topics import Topic
from sinks import metrics
from sinks.clickhouse.blocks import Block, BlockMaker
from sinks.clickhouse.client import connect, insert
from sinks.clickhouse.faults import Fault, as_hailong, classify
from sinks.connection import ClickHouseConnection

_log = structlog.get_logger(__name__)


class Abandoned(HailongError):
    """The block is not ours to store any more: we are stopping, or its partitions went to another sink."""


class Store:
    """Stores batches in ClickHouse, one block a table.

    Args:
        connection: The server.
        maker: Turns batches into blocks.
        keep_going: Called between repetitions; keeps the group membership alive and raises `Abandoned` to give up.
        timeout_s: How long an insert may take.
        longest_pause_s: Longest pause between repetitions.
    """

    def __init__(
        self,
        connection: ClickHouseConnection,
        maker: BlockMaker,
        keep_going: Callable[[float], None],
        *,
        timeout_s: int,
        longest_pause_s: float,
    ) -> None:
        self._connection = connection
        self._maker = maker
        self._keep_going = keep_going
        self._timeout_s = timeout_s
        self._longest_pause_s = longest_pause_s
        self._client: Client = connect(connection, timeout_s=timeout_s)
        self._lock = threading.Lock()

    def client(self) -> Client:
        """The client, for small queries between inserts."""
        return self._client

    def store(self, batches: Sequence[RawBatch], epoch: int) -> list[tuple[RawBatch, Reject]]:
        """Store batches of one topic; returns when every row is acknowledged.

        Returns:
            The records that were refused, by us or by ClickHouse, each with its batch.

        Raises:
            SystemFault: ClickHouse refuses for a reason that an operator must mend; nothing may be committed.
            Abandoned: We were told to give up; nothing may be committed.
        """
        made = [(batch, self._maker.make(batch, epoch)) for batch in batches]
        refused = [(batch, reject) for batch, blocks in made for reject in blocks.rejects]
        rejected = {(id(batch), reject.index) for batch, reject in refused}
        tables = [block.table for block in made[0][1].blocks]
        for place, table in enumerate(tables):
            parts = [blocks.blocks[place] for _batch, blocks in made]
            token = f"{_span(batches, epoch)}-{table}"
            if not self._insert(table, _joined(parts), token):
                return refused + self._halve(batches, epoch, rejected)
        for table, number in ((t, sum(len(b.blocks[p]) for _x, b in made)) for p, t in enumerate(tables)):
            metrics.ROWS.labels(table).inc(number)
        return refused

    def _halve(
        self, batches: Sequence[RawBatch], epoch: int, rejected: set[tuple[int, int]]
    ) -> list[tuple[RawBatch, Reject]]:
        """Some row is at fault: store the halves apart, until the record that holds it stands alone."""
        if len(batches) > 1:
            middle = len(batches) // 2
            parts = [batches[:middle], batches[middle:]]
        else:
            (batch,) = batches
            good = [place for place in range(len(batch)) if (id(batch), place) not in rejected]
            if len(good) == 1:
                _log.warning(
                    "record_refused_by_clickhouse",
                    topic=batch.topic.subject,
                    partition=batch.partition,
                    offset=batch.offsets[good[0]],
                )
                reject = Reject(good[0], Reason.REFUSED_BY_CLICKHOUSE, "a value does not fit its column")
                return [(batch, reject)]
            middle = len(good) // 2
            parts = [[_part(batch, good[:middle])], [_part(batch, good[middle:])]]
        return [one for part in parts for one in self.store(part, epoch)]

    def _insert(self, table: str, columns: tuple[list[str], list[Any]] | None, token: str) -> bool:
        """Insert one block, as often as it takes; False when a row of it is at fault."""
        if columns is None:
            return True
        names, data = columns
        pause = 0.1
        while True:
            started = time.monotonic()
            try:
                insert(self._client, table, names, data, token)
            except Exception as error:
                fault = classify(error)
                if fault is Fault.ROW:
                    self._reconnect()
                    return False
                if fault is Fault.SYSTEM:
                    raise as_hailong(error, f"inserting into {table}") from error
                metrics.RETRIES.labels(table).inc()
                _log.warning(
                    "insert_repeated",
                    table=table,
                    error=type(error).__name__,
                    code=getattr(error, "code", None),
                    pause_s=round(pause, 1),
                )
                self._reconnect()
                self._keep_going(pause)
                pause = min(pause * 2, self._longest_pause_s)
            else:
                metrics.INSERT_SECONDS.labels(table).observe(time.monotonic() - started)
                return True

    def _reconnect(self) -> None:
        """A connection that failed may hold half an exchange: only a new one is sure."""
        self._client.disconnect()
        self._client = connect(self._connection, timeout_s=self._timeout_s)

    def close(self) -> None:
        """Let the connection go."""
        self._client.disconnect()


def _span(batches: Sequence[RawBatch], epoch: int) -> str:
    """Names the records of a block: the same for the same records only."""
    spans = (f"{b.partition}:{b.offsets[0]}-{b.offsets[-1]}+{len(b)}" for b in batches)
    return f"{batches[0].topic.subject}-{epoch}-{','.join(spans)}"


def _joined(parts: Sequence[Block]) -> tuple[list[str], list[Any]] | None:
    """Blocks of one table put together; None when there is no row."""
    filled = [part for part in parts if len(part)]
    if not filled:
        return None
    names = list(filled[0].columns)
    if len(filled) == 1:
        return names, list(filled[0].columns.values())
    return names, [list(chain.from_iterable(part.columns[name] for part in filled)) for name in names]


def _part(batch: RawBatch, places: Sequence[int]) -> RawBatch:
    """Some records of a batch."""

    def pick(values: Sequence[Any]) -> list[Any]:
        return [values[place] for place in places]

    return RawBatch(
        batch.topic, batch.partition, pick(batch.offsets), pick(batch.timestamps), pick(batch.keys), pick(batch.values)
    )


TOPICS = tuple(Topic)
"""Every topic has a table."""
