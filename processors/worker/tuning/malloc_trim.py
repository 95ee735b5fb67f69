"""Returns free memory to the operating system.

While a view is restored, thousands of arrays of a few megabytes are allocated and freed in threads other than the main
one. glibc keeps their memory, nearly as much as the view itself. `malloc_trim` makes it return the pages that are free.
"""

from __future__ import annotations

import ctypes

_MALLOC_TRIM = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""None with a C library other than glibc: the process only stays larger."""


def trim_free_memory() -> None:
    """Return the free pages to the operating system; takes some milliseconds, outside of Python's lock."""
    if _MALLOC_TRIM is not None:
        _MALLOC_TRIM(ctypes.c_size_t(0))
