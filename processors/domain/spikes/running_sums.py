"""Running sums that are brought up to date from the first changed value on."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import accumulate, islice


def extend_sums(sums: array[int], covered: int, values: Iterable[int]) -> None:
    """Replace the running sums after the first `covered` values."""
    del sums[covered + 1 :]
    sums.extend(islice(accumulate(values, initial=sums[covered]), 1, None))
