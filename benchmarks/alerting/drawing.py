"""The figures of docs/alerts.md, drawn by an interpreter of its own: matplotlib is no dependency of ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.peers import python_of

_HERE = Path(__file__).resolve().parent


def draw(report: Path, directory: Path) -> None:
    """Draw a figure for each scenario; says so and goes on where matplotlib cannot be installed."""
    try:
        python = python_of(_HERE.parent / "requirements-figure.txt")
        subprocess.run([str(python), str(_HERE / "plot.py"), str(report), str(directory)], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"no figures: {error}", file=sys.stderr)
