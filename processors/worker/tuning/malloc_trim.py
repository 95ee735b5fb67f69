"""Returns free memory to the operating system.

Batches are read in threads other than the main one, and each allocates and frees arrays of some megabytes among the
small objects that views keep. glibc gives the freed pages between these back only when it is asked: after a million
statuses it kept 20 MB, and more with each further one. `malloc_trim` makes it return them.
"""

from __future__ import annotations

import ctypes

_MALLOC_TRIM = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""None with a C library other than glibc: the process only stays larger."""


_RECORDS = 1_000_000


class Trimmer:
    """Trims again and again while records are read; used by one thread."""

    def __init__(self) -> None:
        self._records = 0

    def note_records(self, count: int) -> None:
        """So many records were read."""
        self._records += count
        if self._records >= _RECORDS:
            self._records = 0
            trim_free_memory()


def trim_free_memory() -> None:
    """Return the free pages to the operating system; takes some milliseconds, outside of Python's lock."""
    if _MALLOC_TRIM is not None:
        _MALLOC_TRIM(ctypes.c_size_t(0))
