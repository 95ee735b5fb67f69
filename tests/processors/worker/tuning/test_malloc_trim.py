"""Free memory is returned to the operating system."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.polling import DEADLINE_S

from processors.worker.tuning import malloc_trim

PROGRAM = """
import ctypes, threading
from pathlib import Path
from processors.worker.tuning.malloc_trim import trim_free_memory

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
trim_free_memory()
print(kept, resident() - before)
"""


@pytest.mark.skipif(malloc_trim._MALLOC_TRIM is None, reason="This C library has no malloc_trim.")
def test_pages_below_a_block_in_use_are_returned() -> None:
    """Of 100 MB that another thread allocated in blocks and freed except for the last, nearly all is returned."""
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True, timeout=DEADLINE_S
    )
    kept, after = map(int, result.stdout.split())
    assert kept > 50_000_000
    assert after < 10_000_000


def test_another_c_library_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `malloc_trim` in the C library, nothing is done and nothing fails."""
    monkeypatch.setattr(malloc_trim, "_MALLOC_TRIM", None)
    malloc_trim.trim_free_memory()
