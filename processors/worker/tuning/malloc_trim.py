"""Giving memory back that is free.

While a view is built, arrays of a few megabytes come and go by the thousand in threads that are not the first. glibc
keeps what they leave, nearly as much as the view itself. Asked to, it gives back the pages in which nothing is.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable


def _trimmer() -> Callable[[int], int] | None:
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None  # another C library than glibc: nothing is lost but the memory
    trim.argtypes, trim.restype = [ctypes.c_size_t], ctypes.c_int
    return lambda kept: int(trim(kept))


_TRIM = _trimmer()


def give_back() -> None:
    """Let the operating system have the free pages; takes some milliseconds, outside of Python's lock."""
    if _TRIM is not None:
        _TRIM(0)
