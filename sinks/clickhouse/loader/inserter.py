"""Turns batches into blocks of rows, and inserts the blocks.

===================  ===========================================================================================
answer               what follows
===================  ===========================================================================================
acknowledged         the rows and their positions are stored
a bad row            the batch is halved until the row is alone; it becomes a dead letter
a system fault       raised: an operator must act; nothing is committed
anything else        the identical block is sent again with the identical token, after growing pauses, until it is
                     acknowledged or the sink must stop; nothing is committed meanwhile
===================  ===========================================================================================
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

import structlog

from schemas.batches.batch import RawBatch, Reject
from schemas.errors import HailongError, OutcomeUnknown, Reason, SystemFault, Unavailable
from schemas.topics import Topic
from sinks.clickhouse.client import INSERT_SETTINGS, connect
from sinks.clickhouse.cluster.replicas import quorum
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.errors import BadRow, translate_error
from sinks.clickhouse.loader.options import SinkOptions
from sinks.clickhouse.mapping.insert_blocks import InsertBlock, joined
from sinks.clickhouse.mapping.topic_readers import TopicReader
from sinks.metrics import BISECTIONS, DECODE_SECONDS, INSERT_SECONDS, RETRIES, ROWS
from sinks.runtime.health import SinkMonitor
from sinks.runtime.retry_pauses import RetryPauses

log = structlog.get_logger(__name__)


class ShutdownRequested(HailongError):
    """The sink must stop before ClickHouse has acknowledged; nothing may be committed."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Records of one batch that were refused."""

    batch: RawBatch  # the batch, or a part of it
    rejects: Sequence[Reject]  # which of its records, and why


@dataclass(frozen=True, slots=True)
class PreparedInsert:
    """Batches of one topic, decoded and ready to be inserted."""

    batches: Sequence[RawBatch]
    epoch: int  # epoch of the topic's log
    blocks: Sequence[InsertBlock]  # their rows, in the order in which they must be inserted
    refused: Sequence[Refused]  # their records that could not become rows

    @property
    def topic(self) -> Topic:
        """The topic."""
        return self.batches[0].topic


class BatchInserter:
    """Inserts batches of one topic at a time; one thread may `prepare` while another inserts what was prepared before.

    Args:
        connection: ClickHouse.
        options: Time-outs, pauses and limits.
        readers: Turn batches into rows.
        monitor: Is told why ClickHouse does not take a block.
        give_up: Set when the sink must stop whatever has not been acknowledged.
    """

    def __init__(
        self,
        connection: ClickHouseConnection,
        options: SinkOptions,
        readers: Mapping[Topic, TopicReader],
        monitor: SinkMonitor,
        give_up: threading.Event,
    ) -> None:
        self._monitor = monitor
        self._connection = connection
        self._options = options
        self._readers = readers
        self._preparing = threading.Lock()  # the inserting thread prepares the halves of a batch with a bad row
        self._give_up = give_up
        self._client = connect(connection, timeout_s=options.insert_timeout_s)
        self._settings = {**INSERT_SETTINGS, **quorum(connection.cluster)}
        # Tokens are unique to this run: within it the server drops a repeated block. A later run that reads the same
        # offsets again, perhaps on purpose to fill a new column, must not be dropped; row identity covers it.
        self._run = uuid4().hex

    def close(self) -> None:
        """Close the connection."""
        self._client.disconnect()

    def prepare(self, batches: Sequence[RawBatch], epoch: int) -> PreparedInsert:
        """Turn batches into rows; nothing is inserted yet.

        Args:
            batches: Batches of one topic, of one or several partitions.
            epoch: Epoch of the topic's log.

        Raises:
            Unavailable: The schema registry does not answer.
        """
        topic = batches[0].topic
        with self._preparing:
            started = time.perf_counter()
            parsed = [self._readers[topic].read(batch, epoch) for batch in batches]
            DECODE_SECONDS.labels(topic.subject).observe(time.perf_counter() - started)
        blocks = joined(block for one in parsed for block in one.blocks)
        pairs = zip(batches, parsed, strict=True)
        refused = [Refused(batch, one.rejects) for batch, one in pairs if one.rejects]
        return PreparedInsert(batches, epoch, blocks, refused)

    def insert(self, prepared: PreparedInsert) -> list[Refused]:
        """Insert what was prepared; return when all is acknowledged.

        Returns:
            The records that were refused, to be sent as dead letters before the offsets are committed.

        Raises:
            SystemFault: An operator must act.
            ShutdownRequested: The sink must stop.
            Unavailable: The schema registry does not answer when halves of the batches are prepared.
        """
        refused: list[Refused] = []
        bad_rows = 0
        todo = deque([prepared])
        while todo:
            part = todo.popleft()
            bad = self._insert_all(part)
            if bad is None:
                refused.extend(part.refused)
            elif sum(map(len, part.batches)) > 1:
                BISECTIONS.labels(part.topic.subject).inc()
                todo.extendleft(self.prepare(half, part.epoch) for half in reversed(_halves(part.batches)))
            else:
                bad_rows += 1
                self._check_refusal(part.topic, bad, bad_rows)
                refused.append(Refused(part.batches[0], [Reject(0, Reason.REFUSED_BY_CLICKHOUSE, str(bad))]))
        return refused

    def _check_refusal(self, topic: Topic, bad: BadRow, bad_rows: int) -> None:
        """Stop instead of turning a whole topic into dead letters, or a dead letter into dead letters without end."""
        if topic is Topic.DEAD_LETTER or bad_rows > self._options.max_refused:
            raise SystemFault(
                f"ClickHouse refuses rows of {topic.subject} ({bad}): the table does not fit; "
                "compare it with docs/data-dictionary.md and run `hailong migrate`"
            )

    def _insert_all(self, prepared: PreparedInsert) -> BadRow | None:
        """Insert its blocks; returns the refusal of a bad row among them, if there is one."""
        token = self._token(prepared.batches, prepared.epoch)
        try:
            for block in prepared.blocks:
                self._insert_until_acknowledged(block, token)
        except BadRow as bad:
            return bad
        return None

    def _token(self, batches: Sequence[RawBatch], epoch: int) -> str:
        ranges = [f"{batch.partition}-{batch.offsets[0]}-{batch.offsets[-1]}-{len(batch)}" for batch in batches]
        name = "|".join((self._run, batches[0].topic.subject, str(epoch), *ranges))
        return hashlib.blake2s(name.encode()).hexdigest()

    def _insert_until_acknowledged(self, block: InsertBlock, token: str) -> None:
        pauses = RetryPauses(self._options.retry_initial_s, self._options.retry_max_s)
        while True:
            try:
                self._insert_once(block, token)
            except (Unavailable, OutcomeUnknown) as error:
                RETRIES.labels(block.table).inc()
                self._monitor.failed(str(error))
                pause = pauses.next_pause()
                log.warning(
                    "insert_will_be_repeated", table=block.table, rows=block.rows, error=str(error), pause_s=pause
                )
                if self._give_up.wait(pause):
                    raise ShutdownRequested(f"stopped before {block.table} acknowledged {block.rows} rows") from error
            else:
                return

    def _insert_once(self, block: InsertBlock, token: str) -> None:
        started = time.perf_counter()
        try:
            block.insert(self._client, {**self._settings, "insert_deduplication_token": token})
        except Exception as error:
            # Every error is translated and raised again; the connection is not used again in an unknown state.
            self._client.disconnect()
            raise translate_error(error, self._connection) from error
        INSERT_SECONDS.labels(block.table).observe(time.perf_counter() - started)
        ROWS.labels(block.table).inc(block.rows)


def _halves(batches: Sequence[RawBatch]) -> list[list[RawBatch]]:
    if len(batches) > 1:
        middle = len(batches) // 2
        return [list(batches[:middle]), list(batches[middle:])]
    batch = batches[0]
    middle = len(batch) // 2
    return [[_part(batch, 0, middle)], [_part(batch, middle, len(batch))]]


def _part(batch: RawBatch, first: int, end: int) -> RawBatch:
    return RawBatch(
        batch.topic,
        batch.partition,
        batch.offsets[first:end],
        batch.timestamps[first:end],
        batch.keys[first:end],
        batch.values[first:end],
    )
