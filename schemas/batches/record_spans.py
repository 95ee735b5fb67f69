"""The bytes of a batch, and where in them the keys and values are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from schemas.batches.batch import Batch
from schemas.batches.packed_batch import PackedBatch
from schemas.vectorized.kernels import records

_LEAST_BYTES = 7
"""Of a record: length, attributes, timestamp, offset, no key, no value, no headers."""


@dataclass(frozen=True, slots=True)
class RecordSpans:
    """Keys and framed values of a run of records.

    Attributes:
        raw: The bytes that they are in.
        data: The same as an array.
        spans: For each record begin and end of its key, then of its value; the same place twice where there is none.
        timestamps: Kafka timestamps, epoch milliseconds.
    """

    raw: bytes = field(repr=False)
    data: npt.NDArray[np.uint8]
    spans: npt.NDArray[np.int64]
    timestamps: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """Number of records."""
        return len(self.spans)

    def schema_ids(self, most: int) -> npt.NDArray[np.int64]:
        """The schema id that each value is framed with; -1 where there is none, or more bytes than `most`."""
        ids = np.empty(len(self), np.int64)
        records.schema_ids(self.data, self.spans, most, ids)
        return ids

    @classmethod
    def from_values(
        cls, values: Sequence[bytes | None], keys: Sequence[bytes | None], timestamps: npt.NDArray[np.int64]
    ) -> RecordSpans:
        """The same of records that stand apart."""
        pieces = [piece or b"" for pair in zip(keys, values, strict=True) for piece in pair]
        sizes = np.fromiter(map(len, pieces), np.int64, len(pieces))
        ends = np.cumsum(sizes)
        spans = np.stack((ends - sizes, ends), axis=1).reshape(-1, 4)
        raw = b"".join(pieces)
        return cls(raw, np.frombuffer(raw, np.uint8), spans, timestamps)


def locate_records(batch: Batch) -> RecordSpans:
    """Where the keys and values of a batch are.

    Raises:
        SystemFault: The log is damaged.
    """
    if isinstance(batch, PackedBatch) and (found := _packed(batch)) is not None:
        return found
    return RecordSpans.from_values(list(batch.values), list(batch.keys), np.array(batch.timestamps, np.int64))


def _packed(batch: PackedBatch) -> RecordSpans | None:
    """As Kafka stores them; None where they are not as usual, and must be unpacked."""
    raw = batch.data()
    if len(batch) * _LEAST_BYTES > len(raw):
        return None  # the header of a batch counts more records than there can be
    data = np.frombuffer(raw, np.uint8)
    spans, times = np.empty((len(batch), 4), np.int64), np.empty(len(batch), np.int64)
    at = place = 0
    for run in batch.runs:
        end, following = at + len(run.data), place + run.count
        if not records.locate(data, at, end, spans[place:following], times[place:following]):
            return None
        at, place = end, following
    return RecordSpans(raw, data, spans, batch.stamped(times))
