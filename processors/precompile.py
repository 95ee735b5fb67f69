"""Compiles the kernels of the join before the first record comes.

    python -m processors.precompile

The machine code is kept on disk (`schemas.vectorized.kernels.cache`): the first run takes some seconds, later ones a
tenth of a second.
"""

from __future__ import annotations

from processors.domain.join.policy import JoinPolicy
from processors.stages.join import JoinStage
from processors.stages.reference_policies import reference_context
from schemas.batches.packed_batch import PackedBatch, RecordRun
from schemas.codec.record import encoder
from schemas.codec.varint import zigzag
from schemas.keys import declaration_key
from schemas.records.base import Record
from schemas.records.events import DeclarationStatus, Rating, RatingItem, Status, Target
from schemas.topics import Topic

_AT = 1_585_789_200_000  # 2 April 2020, any time that the calendar knows
_DECLARATION, _OFFICE = "100000000000", "03CC"


def warm() -> None:
    """Join a sheet with statuses in a throw-away state: that compiles every kernel."""
    state = JoinStage(JoinPolicy(), reference_context()).new_state(0)
    # An inspection that begins twice: its earlier round has a kernel of its own.
    turns = (Status.INSPECTION_REQUIRED, Status.INSPECTION_WITHDRAWN, Status.INSPECTION_REQUIRED)
    statuses = [
        DeclarationStatus(f"e{n}", _DECLARATION, turn, _AT - len(turns) + n, _OFFICE) for n, turn in enumerate(turns)
    ]
    sheet = Rating(
        "s", 1, _DECLARATION, None, _AT, "AFTER_CLEARANCE", (RatingItem(Target.OFFICE, _OFFICE, _OFFICE, 5),)
    )
    for status in statuses:
        state.absorb(_batch(Topic.DECLARATION_STATUS, status))
    assert len(state.absorb(_batch(Topic.RATING, sheet)).outputs) == 1


def _batch(topic: Topic, record: Record) -> PackedBatch:
    """One record, as Kafka stores it."""
    parts = declaration_key(_DECLARATION), encoder(topic.subject)(record.to_avro())
    body = bytes(3) + b"".join(zigzag(len(part)) + part for part in parts) + bytes(1)
    return PackedBatch(topic, 0, 0, 1, [RecordRun(0, _AT, None, 1, zigzag(len(body)) + body)])


if __name__ == "__main__":
    warm()
