"""Memory that is free is not kept."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.polling import DEADLINE_S

from processors.worker.tuning import malloc_trim

PROGRAM = """
import ctypes, threading
from pathlib import Path
from processors.worker.tuning.malloc_trim import give_back

def resident():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]

def scattered():
    blocks = [libc.malloc(100_000) for _ in range(1000)]
    for block in blocks:
        ctypes.memset(block, 1, 100_000)
    for block in blocks[:-1]:
        libc.free(block)

before = resident()
worker = threading.Thread(target=scattered)
worker.start()
worker.join()
kept = resident() - before
give_back()
print(kept, resident() - before)
"""


@pytest.mark.skipif(malloc_trim._TRIM is None, reason="This C library keeps what it likes.")
def test_pages_below_a_block_that_is_still_used_are_given_back() -> None:
    """100 MB in blocks, all freed but the last: what another thread leaves behind is the system's again."""
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True, timeout=DEADLINE_S
    )
    kept, after = map(int, said.stdout.split())
    assert kept > 50_000_000
    assert after < 10_000_000


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the function nothing is done, and nothing fails."""
    monkeypatch.setattr(malloc_trim, "_TRIM", None)
    malloc_trim.give_back()
