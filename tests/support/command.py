"""The command `hailong` as a person runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support.polling import DEADLINE_S

COMMAND = (sys.executable, "-m", "deploy.cli.main")


def environment(**settings: str) -> dict[str, str]:
    """The environment of a command with these settings and no others."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HAILONG_")}
    return {**clean, "COLUMNS": "100", **settings}


def hailong(*arguments: str, cwd: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does, with these settings and no others."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
