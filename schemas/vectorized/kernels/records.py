"""Where the keys and values of Kafka's records lie.

Source of the layout: Apache Kafka documentation, "Implementation", "Message Format".
"""

from __future__ import annotations

import numpy as np

from schemas.vectorized.kernels.compiled import Bytes, Longs, kernel
from schemas.vectorized.kernels.varints import read_long


@kernel
def locate(data: Bytes, at: int | np.int64, end: int, spans: Longs, times: Longs) -> bool:
    """Find the records between two places, which must be whole.

    Args:
        data: Bytes.
        at: Where the first record begins.
        end: Where the last one ends.
        spans: For each record begin and end of its key, then of its value; written here. Both are 0 for none.
        times: Milliseconds since the timestamp of the batch; written here.

    Returns:
        Whether there are just so many records, and all of them are well formed.
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
        at = stop  # headers are not looked at
    return bool(at == end)


@kernel
def schema_ids(data: Bytes, spans: Longs, most: int, ids: Longs) -> None:
    """The schema id in the frame of each value, -1 for a value that has none or is longer than `most`."""
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
