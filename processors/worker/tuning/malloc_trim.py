"""Returns free memory to the operating system.

While a view is restored, thousands of arrays of a few megabytes are allocated and freed in threads other than the main
one. glibc keeps their memory, nearly as much as the view itself. `malloc_trim` makes it return the pages that are free.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable


def _load_malloc_trim() -> Callable[[int], int] | None:
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None  # a C library other than glibc: the process only stays larger
    trim.argtypes, trim.restype = [ctypes.c_size_t], ctypes.c_int
    return lambda kept: int(trim(kept))


_MALLOC_TRIM = _load_malloc_trim()


def trim_free_memory() -> None:
    """Return the free pages to the operating system; takes some milliseconds, outside of Python's lock."""
    if _MALLOC_TRIM is not None:
        _MALLOC_TRIM(0)
