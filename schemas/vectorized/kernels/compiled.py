"""The decorators that compile kernels, and the types of their arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

from schemas.vectorized.kernels.cache import directory_for

Bytes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int32]
UInts = npt.NDArray[np.uint32]
Longs = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile a function at its first call with arguments of some types, and keep the machine code on disk.

    Where nothing can be kept, each process compiles for some seconds.
    """
    return _compiled(function)


def part(function: F) -> F:
    """As `kernel`, for helpers of innermost loops: the compiled code is inlined.

    A helper should take one array or two: numba counts references at each call, which costs as much as reading a field.
    """
    return _compiled(function, forceinline=True)


def _compiled(function: F, **options: Any) -> F:
    directory = directory_for(function)
    config: Any = numba.config  # its attributes are created at run time
    before, config.CACHE_DIR = config.CACHE_DIR, str(directory or "")
    try:
        # "numpy": a division by zero gives what numpy gives. Kernels divide by constants only, and raise nothing.
        return cast("F", numba.njit(nogil=True, error_model="numpy", cache=directory is not None, **options)(function))
    finally:
        config.CACHE_DIR = before
