"""Memory of processes, from /proc (Linux)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_PEAK = re.compile(r"^VmHWM:\s+(\d+)", re.MULTILINE)


def peak_rss_mib(pids: Iterable[int]) -> float | None:
    """Sum of the peak resident size of processes, in MiB; None where /proc is missing.

    The peaks may fall at different times, so the sum can overstate, never understate, the memory used at once. Shared
    pages count in each process.
    """
    found = [_PEAK.search(_status(pid)) for pid in pids]
    kib = [int(peak[1]) for peak in found if peak]
    return sum(kib) / 1024 if any(kib) else None


def _status(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""  # the process has ended, or this is not Linux
