"""The database that `hailong demo` fills."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sinks.clickhouse.connection import ClickHouseConnection
from support.clickhouse_server import running_clickhouse
from support.command import COMMAND, environment

LONGEST_S = 1800.0
"""As long as the demo itself waits before it counts as hanging."""


@contextmanager
def demo_database(directory: Path) -> Iterator[ClickHouseConnection]:
    """Serve the database of a demo in a directory; the demo is played there first, unless it was before."""
    demo, served = directory / "demo", directory / "served"
    if not (demo / "report.json").exists():
        played = subprocess.run(
            [*COMMAND, "demo", "--dir", str(demo)],
            env=environment(),
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
        assert played.returncode == 0, played.stdout + played.stderr
        served.mkdir()
        (served / "data").symlink_to(demo / "clickhouse")
    with running_clickhouse(served) as server:
        yield server.connection("hailong")
