"""Where the keys and values of a batch lie in its bytes, found by kernels without unpacking a record.

Source of the layout: Apache Kafka documentation, "Implementation", "Message Format".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from schemas.batches.batch import Batch
from schemas.batches.packed_batch import PackedBatch, RecordRun
from schemas.codec.wire import MAX_RECORD_BYTES
from schemas.vectorized.kernels.bodies import read_long
from schemas.vectorized.kernels.compiled import Bytes, Longs, kernel

_LEAST_BYTES = 7
"""Of a record: length, attributes, timestamp, offset, no key, no value, no headers."""


@dataclass(frozen=True, slots=True)
class RecordSpans:
    """Keys and framed values of a run of records.

    Attributes:
        raw: The bytes that hold them.
        data: The same bytes as an array.
        spans: For each record begin and end of its key, then of its value; the same place twice where there is none.
        timestamps: Kafka timestamps, epoch milliseconds.
        schema_ids: The schema id in the frame of each value; -1 for a value without a frame, or larger than a record
            may be.
    """

    raw: bytes = field(repr=False)
    data: npt.NDArray[np.uint8]
    spans: npt.NDArray[np.int64]
    timestamps: npt.NDArray[np.int64]
    schema_ids: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """Number of records."""
        return len(self.spans)

    @classmethod
    def from_values(
        cls, values: Sequence[bytes | None], keys: Sequence[bytes | None], timestamps: npt.NDArray[np.int64]
    ) -> RecordSpans:
        """The spans of records that are separate Python objects."""
        pieces = [piece or b"" for pair in zip(keys, values, strict=True) for piece in pair]
        sizes = np.fromiter(map(len, pieces), np.int64, len(pieces))
        ends = np.cumsum(sizes)
        raw = b"".join(pieces)
        data, spans = np.frombuffer(raw, np.uint8), np.stack((ends - sizes, ends), axis=1).reshape(-1, 4)
        return cls(raw, data, spans, timestamps, _schema_ids(data, spans, MAX_RECORD_BYTES))


def locate_records(batch: Batch) -> RecordSpans:
    """Find the keys and values of a batch.

    Raises:
        SystemFault: The log is damaged.
    """
    if isinstance(batch, PackedBatch) and (found := _locate_packed(batch.runs)) is not None:
        return found
    return RecordSpans.from_values(list(batch.values), list(batch.keys), np.array(batch.timestamps, np.int64))


def _locate_packed(runs: Sequence[RecordRun]) -> RecordSpans | None:
    """The spans in record batches as Kafka stores them; None where they are unusual and must be unpacked."""
    raw = runs[0].data if len(runs) == 1 else b"".join(run.data for run in runs)
    count = sum(run.count for run in runs)
    if count * _LEAST_BYTES > len(raw):
        return None  # a batch header counts more records than there can be
    data = np.frombuffer(raw, np.uint8)
    spans, timestamps = np.empty((count, 4), np.int64), np.empty(count, np.int64)
    at = first = 0
    for run in runs:
        end, last = at + len(run.data), first + run.count
        times = timestamps[first:last]
        if not locate(data, at, end, spans[first:last], times):
            return None
        if run.append_time is None:
            times += run.base_timestamp  # wraps around at 64 bits, as in Kafka's brokers and clients
        else:
            times[:] = run.append_time
        at, first = end, last
    return RecordSpans(raw, data, spans, timestamps, _schema_ids(data, spans, MAX_RECORD_BYTES))


@kernel
def locate(data: Bytes, at: int | np.int64, end: int, spans: Longs, times: Longs) -> bool:
    """Find the records between two places.

    Args:
        data: Bytes.
        at: Where the first record begins.
        end: Where the last one ends.
        spans: For each record begin and end of its key, then of its value; written here. Both are 0 for none.
        times: Milliseconds since the timestamp of the batch; written here.

    Returns:
        Whether there are exactly so many records, all of them well formed.
    """
    for place in range(len(spans)):
        length, at = read_long(data, at, end)
        if at < 0 or length < 1 or length > end - at:
            return False
        stop = at + length
        times[place], at = read_long(data, at + 1, stop)  # behind the attributes, which are not used
        _offset, at = read_long(data, at, stop)
        for part in range(2):
            size, at = read_long(data, at, stop)
            if at < 0 or size > stop - at:
                return False
            known = size >= 0
            size = max(size, np.int64(0))
            spans[place, 2 * part] = at if known else 0
            spans[place, 2 * part + 1] = at + size if known else 0
            at += size
        at = stop  # headers are not read
    return bool(at == end)


@kernel
def _schema_ids(data: Bytes, spans: Longs, most: int) -> Longs:
    """The schema id in the frame of each value; -1 for a value that has none or is longer than `most`."""
    ids = np.empty(len(spans), np.int64)
    for place in range(len(spans)):
        at, end = spans[place, 2], spans[place, 3]
        ids[place] = -1
        # Ids are positive numbers of 32 bits: a larger one is none, and no registry must be asked for it.
        if end - at < 5 or end - at > most or data[at] != 0 or data[at + 1] >= 0x80:
            continue
        found = np.int64(0)
        for step in range(1, 5):
            found = (found << 8) | np.int64(data[at + step])
        ids[place] = found
    return ids
