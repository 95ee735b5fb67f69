"""How a kernel is compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int32]
UInts = npt.NDArray[np.uint32]
Longs = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile a function at its first call with arguments of some types, and keep the machine code on disk.

    It is kept beside the source, or in the user's cache directory where that cannot be written (numba's order; a
    directory of one's own is named by NUMBA_CACHE_DIR). Where neither can be, each process compiles anew.
    """
    # "numpy": a division by zero gives what numpy gives. Kernels do not divide, and raise nothing.
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        return cast("F", numba.njit(cache=True, **options)(function))
    except RuntimeError:  # numba found no place for the cache
        return cast("F", numba.njit(**options)(function))
