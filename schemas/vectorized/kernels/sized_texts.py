"""Texts, each behind its size: the layout of a String column in ClickHouse's native format.

Source of the layout: ClickHouse documentation, "Native format"; sizes are unsigned LEB128 numbers.
"""

from __future__ import annotations

import numpy as np

from schemas.vectorized.kernels.compiled import Bytes, Ints, Longs, kernel
from schemas.vectorized.kernels.rows import copied

MAX_SIZE_BYTES = 5
"""Bytes of the largest size: a text has less than 2 GiB."""


@kernel
def write_sized_texts(data: Bytes, begins: Longs, sizes: Ints, out: Bytes) -> int:
    """Write texts one after another.

    Args:
        data: Bytes.
        begins: Where each text begins.
        sizes: How many bytes it has; -1 for an absent one, which is written as ''.
        out: Written here; has room for all texts and `MAX_SIZE_BYTES` for each.

    Returns:
        How many bytes were written.
    """
    at = np.int64(0)
    for row in range(len(begins)):
        size = max(np.int64(sizes[row]), np.int64(0))
        rest = size
        while rest > 0x7F:
            out[at] = (rest & 0x7F) | 0x80
            rest >>= 7
            at += 1
        out[at] = rest
        at = copied(data, begins[row], begins[row] + size, out, at + 1)
    return int(at)
