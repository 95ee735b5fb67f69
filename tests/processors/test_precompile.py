"""Compiling ahead."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.polling import DEADLINE_S

ROOT = Path(__file__).resolve().parents[2]


def test_nothing_is_compiled_afterwards() -> None:
    """No batch of a worker waits for a compiler: what it asks of kernels was asked before."""
    paths = os.pathsep.join((str(ROOT / "tests"), str(ROOT)))
    ran = subprocess.run(
        [sys.executable, "-m", "support.compiled_afterwards"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.long
def test_kernels_are_python(tmp_path: Path) -> None:
    """Without a compiler the same code says the same, with every index looked at."""
    tests = (
        "vectorized/test_status_reader.py::test_single_changed_bytes_never_make_a_difference",
        "vectorized/test_rating_reader.py::test_single_changed_bytes_never_make_a_difference",
        "vectorized/test_row_writer.py",
        "vectorized/kernels/test_names.py",
        "vectorized/kernels/test_radix.py",
        "../processors/domain/join/test_status_log.py",
        "../processors/domain/join/test_as_of.py",
    )
    slow = "not runs_stay_few"  # looks at no index that the others do not look at
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore::RuntimeWarning", "-k", slow]
        + [f"{ROOT}/tests/schemas/{name}" for name in tests],
        cwd=ROOT,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "NUMBA_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-2000:]
