"""Sorting whole numbers digit by digit, the lowest first: numpy's sort that keeps the order of equals compares."""

from __future__ import annotations

import numpy as np

from schemas.vectorized.kernels.compiled import Longs, kernel

_BITS = 11
_MASK = (1 << _BITS) - 1
_WIDTH = 64


@kernel
def ascending(keys: Longs) -> Longs:
    """Places of the keys in ascending order, equal ones as they stand: `np.argsort(keys, kind="stable")`.

    A digit has 11 bits, and there are as many as the largest difference of two keys needs: four for declarations of
    both import and export.
    """
    count = len(keys)
    order, ordered = np.arange(count), np.zeros(count, np.int64)
    if count == 0:
        return order
    low, high = keys[0], keys[0]
    for key in keys:
        low, high = min(low, key), max(high, key)
    widest = high - low  # more than 63 bits wrap around, here and below, and so do not matter
    for place in range(count):
        ordered[place] = keys[place] - low
    other_order, other_ordered = np.empty_like(order), np.empty_like(ordered)
    begins = np.empty((1 << _BITS) + 1, np.int64)
    shift = 0
    while shift < _WIDTH and widest >> shift:
        begins[:] = 0
        for key in ordered:
            begins[(key >> shift & _MASK) + 1] += 1
        for digit in range(1, len(begins)):
            begins[digit] += begins[digit - 1]
        for place in range(count):
            digit = ordered[place] >> shift & _MASK
            other_order[begins[digit]], other_ordered[begins[digit]] = order[place], ordered[place]
            begins[digit] += 1
        order, other_order, ordered, other_ordered = other_order, order, other_ordered, ordered
        shift += _BITS
    return order
