from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.published_rows import write_published_rows

PROGRAM = Path(__file__).resolve().parents[3] / "benchmarks" / "published" / "compare.py"


@pytest.mark.servers
@pytest.mark.long
@pytest.mark.parametrize(("name", "order"), [("olist", "statuses-first"), ("helpdesk", "mixed")])
def test_invented_rows_agree(tmp_path: Path, name: str, order: str) -> None:
    """The program maps and publishes a set on a stack of its own, and finds no difference."""
    write_published_rows(tmp_path)
    command = [sys.executable, str(PROGRAM), "--set", name, "--data", str(tmp_path), "--order", order]
    quick = {**os.environ, "HAILONG_WORKER_GRACE_S": "1", "HAILONG_WORKER_IDLE_ADVANCE_S": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=quick)
    assert done.returncode == 0, done.stdout + done.stderr
