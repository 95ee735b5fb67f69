"""Memory of processes, from /proc (Linux)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def peak_rss_mib(pids: Iterable[int]) -> float | None:
    """Sum of the peak resident size of processes, in MiB; None where /proc is missing.

    The peaks may fall at different times, so the sum can overstate, never understate, the memory used at once. Shared
    pages count in each process.
    """
    kib = [_high_water_kib(pid) for pid in pids]
    return sum(size for size in kib if size is not None) / 1024 if any(kib) else None


def _high_water_kib(pid: int) -> int | None:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None  # the process has ended, or this is not Linux
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return None
