"""Sorting by digits."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.vectorized.kernels.radix import ascending

_KEYS = st.one_of(st.integers(0, 20), st.integers(10_000_000_000, 10_000_005_000), st.integers(-(2**63), 2**63 - 1))


@given(keys=st.lists(_KEYS, max_size=200))
def test_the_order_is_that_of_a_stable_sort(keys: list[int]) -> None:
    """Keys ascend, equal ones stay as they stand, however far apart the smallest and the largest are."""
    numbers = np.array(keys, np.int64)
    assert ascending(numbers).tolist() == np.argsort(numbers, kind="stable").tolist()
