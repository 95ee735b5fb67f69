"""Putting blocks into ClickHouse, and batches through their reader into blocks.

===================  ===========================================================================================
what happens         what is done
===================  ===========================================================================================
acknowledged         the rows and their positions are stored
a bad row            the batch is cut in two until the row stands alone; it becomes a dead letter
a system fault       raised: an operator must act; nothing is committed
anything else        the identical block with the identical token again, with growing pauses, until it is acknowledged
                     or the sink must stop; nothing is committed meanwhile
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
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.errors import BadRow, translate_error
from sinks.clickhouse.loader.options import SinkOptions
from sinks.clickhouse.mapping.insert_blocks import Block, joined
from sinks.clickhouse.mapping.topic_readers import TopicReader
from sinks.metrics import BISECTIONS, DECODE_SECONDS, INSERT_SECONDS, RETRIES, ROWS

log = structlog.get_logger(__name__)


class ShutdownRequested(HailongError):
    """The sink must stop before ClickHouse acknowledged; nothing may be committed."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Records of one batch that were refused.

    Attributes:
        batch: The batch, or a part of it.
        rejects: Which of its records, and why.
    """

    batch: RawBatch
    rejects: Sequence[Reject]


@dataclass(frozen=True, slots=True)
class PreparedInsert:
    """Batches of one topic, read and ready to be stored.

    Attributes:
        batches: The batches.
        epoch: Epoch of the topic's log.
        blocks: Their rows, in the order in which they must be inserted.
        refused: Their records that are no rows.
    """

    batches: Sequence[RawBatch]
    epoch: int
    blocks: Sequence[Block]
    refused: Sequence[Refused]

    @property
    def topic(self) -> Topic:
        """The topic."""
        return self.batches[0].topic


class Store:
    """Stores batches of one topic at a time; one thread may `read` while another one stores what was read before.

    Args:
        connection: ClickHouse.
        options: Time-outs, pauses and limits.
        readers: How batches become rows.
        give_up: Set when the sink must stop whatever has not been acknowledged.
    """

    def __init__(
        self,
        connection: ClickHouseConnection,
        options: SinkOptions,
        readers: Mapping[Topic, TopicReader],
        give_up: threading.Event,
    ) -> None:
        self._connection = connection
        self._options = options
        self._readers = readers
        self._reading = threading.Lock()  # a part of a batch with a bad row is read by the thread that stores
        self._give_up = give_up
        self._client = connect(connection, timeout_s=options.insert_timeout_s)
        # Tokens are unique to this run: within it a repeated block is dropped by the server. A later run that reads the
        # same offsets again, perhaps on purpose to fill a new column, must not be dropped; row identity covers it.
        self._run = uuid4().hex

    def close(self) -> None:
        """Let the connection go."""
        self._client.disconnect()

    def read(self, batches: Sequence[RawBatch], epoch: int) -> PreparedInsert:
        """Make rows of batches; nothing is stored yet.

        Args:
            batches: Batches of one topic, of different partitions or not.
            epoch: Epoch of the topic's log.

        Raises:
            Unavailable: The schema registry does not answer.
        """
        topic = batches[0].topic
        with self._reading:
            started = time.perf_counter()
            parsed = [self._readers[topic].read(batch, epoch) for batch in batches]
            DECODE_SECONDS.labels(topic.subject).observe(time.perf_counter() - started)
        blocks = joined(block for one in parsed for block in one.blocks)
        pairs = zip(batches, parsed, strict=True)
        return PreparedInsert(
            batches, epoch, blocks, [Refused(batch, one.rejects) for batch, one in pairs if one.rejects]
        )

    def store(self, load: PreparedInsert) -> list[Refused]:
        """Store what was read; return when all is acknowledged.

        Returns:
            The records that were refused, to be sent as dead letters before the offsets are committed.

        Raises:
            SystemFault: Only an operator can mend it.
            ShutdownRequested: The sink must stop.
            Unavailable: The schema registry does not answer, when parts of the batches are read again.
        """
        refused: list[Refused] = []
        bad_rows = 0
        todo = deque([load])
        while todo:
            part = todo.popleft()
            bad = self._insert_all(part)
            if bad is None:
                refused.extend(part.refused)
            elif sum(map(len, part.batches)) > 1:
                BISECTIONS.labels(part.topic.subject).inc()
                todo.extendleft(self.read(half, part.epoch) for half in reversed(_halves(part.batches)))
            else:
                bad_rows += 1
                self._check_refusal(part.topic, bad, bad_rows)
                refused.append(Refused(part.batches[0], [Reject(0, Reason.REFUSED_BY_CLICKHOUSE, bad.detail)]))
        return refused

    def _check_refusal(self, topic: Topic, bad: BadRow, bad_rows: int) -> None:
        """A whole topic must not drain into the dead letters, nor a dead letter make dead letters without end."""
        if topic is Topic.DEAD_LETTER or bad_rows > self._options.max_refused:
            raise SystemFault(
                f"ClickHouse refuses rows of {topic.subject} ({bad.detail}): the table does not fit; "
                "compare it with docs/data-dictionary.md and run `hailong migrate`"
            )

    def _insert_all(self, load: PreparedInsert) -> BadRow | None:
        """Insert its blocks, unless there is a bad row among them."""
        token = self._token(load.batches, load.epoch)
        try:
            for block in load.blocks:
                self._insert(block, token)
        except BadRow as bad:
            return bad
        return None

    def _token(self, batches: Sequence[RawBatch], epoch: int) -> str:
        ranges = [f"{batch.partition}-{batch.offsets[0]}-{batch.offsets[-1]}-{len(batch)}" for batch in batches]
        name = "|".join((self._run, batches[0].topic.subject, str(epoch), *ranges))
        return hashlib.blake2s(name.encode()).hexdigest()

    def _insert(self, block: Block, token: str) -> None:
        pause = self._options.retry_initial_s
        while True:
            try:
                self._insert_once(block, token)
            except (Unavailable, OutcomeUnknown) as error:
                RETRIES.labels(block.table).inc()
                log.warning(
                    "insert_will_be_repeated", table=block.table, rows=block.rows, error=str(error), pause_s=pause
                )
                if self._give_up.wait(pause):
                    raise ShutdownRequested(f"stopped before {block.table} acknowledged {block.rows} rows") from error
                pause = min(2 * pause, self._options.retry_max_s)
            else:
                return

    def _insert_once(self, block: Block, token: str) -> None:
        started = time.perf_counter()
        try:
            block.insert(self._client, {**INSERT_SETTINGS, "insert_deduplication_token": token})
        except Exception as error:
            # Every error is given a meaning and raised again under it; the connection is not used in an unknown state.
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
