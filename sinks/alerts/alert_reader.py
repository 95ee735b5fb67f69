"""Reading the topic `alert`."""

from __future__ import annotations

import structlog
from confluent_kafka import Message

from schemas.batches.batch import RawBatch
from schemas.readers.record_reader import RecordReader
from schemas.records.alerts import Alert
from schemas.topics import Topic

log = structlog.get_logger(__name__)


def read_alert(reader: RecordReader[Alert], message: Message) -> Alert | None:
    """The alert of a message; None if it is unreadable, which is logged (the loader makes it a dead letter).

    Raises:
        Unavailable: A schema registry that the alert needs does not answer.
    """
    offset, partition = message.offset(), message.partition()
    assert offset is not None
    assert partition is not None
    keys, values = [message.key()], [message.value()]
    records = reader.read(RawBatch(Topic.ALERT, partition, [offset], [message.timestamp()[1]], keys, values))
    for reject in records.rejects:
        log.error("alert_unreadable", offset=offset, reason=str(reject.reason))
    return records.accepted[0][1] if records.accepted else None
