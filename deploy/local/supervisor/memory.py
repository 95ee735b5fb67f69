"""Memory of processes, from /proc (Linux)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def peak_rss_mib(pids: Iterable[int]) -> float | None:
    """Sum of the largest resident size each process ever had, in MiB; None where /proc is missing.

    The peaks need not fall together, so the sum can overstate, never understate, what all of them held at once. Pages
    that processes share are counted in each.
    """
    kib = [_high_water_kib(pid) for pid in pids]
    return sum(size for size in kib if size is not None) / 1024 if any(kib) else None


def _high_water_kib(pid: int) -> int | None:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None  # it ended in the meantime, or this is not Linux
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return None
