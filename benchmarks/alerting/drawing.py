"""Draws the figures of docs/alerts.md in a separate interpreter, because we do not depend on matplotlib."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.peers import python_of

_HERE = Path(__file__).resolve().parent


def draw(report: Path, directory: Path) -> None:
    """Draw a figure for each scenario; prints a message if matplotlib cannot be installed."""
    try:
        python = python_of(_HERE.parent / "requirements-figure.txt")
        subprocess.run([str(python), str(_HERE / "plot.py"), str(report), str(directory)], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"figures were not drawn: {error}", file=sys.stderr)
