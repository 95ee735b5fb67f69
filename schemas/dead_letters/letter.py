"""The dead letter of a refused record. Its id does not depend on the component that refuses it, so it counts once."""

from __future__ import annotations

from schemas.batches.batch import Batch, Reject
from schemas.ids import dead_letter_id
from schemas.records.dead_letters import DeadLetter

MAX_VALUE_BYTES = 512 * 1024
MAX_KEY_BYTES = 1024
"""Limits that keep the dead letter of a hostile record small enough to be written."""


def dead_letter(batch: Batch, reject: Reject, *, stage: str, topic_name: str, topic_identity: str) -> DeadLetter:
    """The dead letter of one record of a batch, which was read from a topic and is refused by a component."""
    offset = batch.offsets[reject.index]
    value, key = batch.values[reject.index] or b"", batch.keys[reject.index]
    return DeadLetter(
        dead_letter_id=dead_letter_id(topic_identity, batch.partition, offset),
        stage=stage,
        topic=topic_name,
        topic_id=topic_identity,
        partition=batch.partition,
        offset=offset,
        recorded_at=max(batch.timestamps[reject.index], 0),
        reason=reject.reason,
        detail=reject.detail,
        schema_id=reject.schema_id,
        key=None if key is None else key[:MAX_KEY_BYTES],
        value=value[:MAX_VALUE_BYTES],
        value_size=len(value),
    )
