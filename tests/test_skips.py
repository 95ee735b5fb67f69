"""What a run says about tests that it leaves out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.polling import DEADLINE_S

TESTS = Path(__file__).parent
PROGRAM = """
import pytest
from support.extras import Extra

@pytest.mark.extras(Extra("Gramophone", lambda: "apt-get install gramophone"))
def test_music(): assert True
"""


@pytest.mark.parametrize(
    ("no_skips", "status", "words"),
    [("", 0, "Not tested: Gramophone: apt-get install gramophone"), ("1", 1, "NO_SKIPS is set, and this was skipped")],
)
def test_a_missing_program_is_named_and_fails_where_nothing_may_be_skipped(
    tmp_path: Path, no_skips: str, status: int, words: str
) -> None:
    """A test whose program is missing is skipped with a reason in one line; with NO_SKIPS=1 it fails."""
    (tmp_path / "test_music.py").write_text(PROGRAM)
    environment = {**os.environ, "NO_SKIPS": no_skips, "PYTHONPATH": os.pathsep.join((str(TESTS), str(TESTS.parent)))}
    command = [sys.executable, "-m", "pytest", "-p", "support.skips", "-p", "no:cacheprovider", "--rootdir", "."]
    ran = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=DEADLINE_S
    )
    assert ran.returncode == status, ran.stdout
    assert words in ran.stdout
