"""Arrays that grow: a full one is replaced by one twice as large, so that adding costs the same however full it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def ensure_capacity(array: npt.NDArray[Any], needed: int) -> npt.NDArray[Any]:
    """The array, or one with room for so many rows and the same beginning."""
    if needed <= len(array):
        return array
    larger = np.zeros((max(needed, 2 * len(array)), *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger
