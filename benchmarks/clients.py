"""How long foreign clients take to stream and to cancel, on the embedded ClickHouse and on a real one.

    .venv/bin/python benchmarks/clients.py [--rows 20000000]

Starts each server, and for each client of tests/clients its program: the seconds of a whole run that reads so many
numbers (start of the program and, for Java, its compilation included), and the seconds from a cancel until the server
no longer runs the query. Needs Java, Maven, Node, npm and Debian's clickhouse-client.

Result: the table of docs/clients.md, and var/bench/clients.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tests"))

from support.clickhouse_server import running_clickhouse  # noqa: E402
from support.foreign_clients import CLICKHOUSE_CONNECT, CLICKHOUSE_DRIVER, DEBIAN, JDBC, NODE  # noqa: E402

from deploy.local.clickhouse_kind import ClickHouseKind  # noqa: E402 - found by the path set above

RESULT = ROOT / "var" / "bench" / "clients.json"
CANCEL_S = 2.0
"""A cancel is felt as one up to here."""
_CLIENTS = (CLICKHOUSE_DRIVER, CLICKHOUSE_CONNECT, JDBC, NODE, DEBIAN)


def measured(kind: ClickHouseKind, rows: int) -> dict[str, dict[str, float]]:
    """For each client, the seconds of a stream and of a cancel."""
    found = {}
    with tempfile.TemporaryDirectory() as directory, running_clickhouse(Path(directory), kind) as server:
        for client in _CLIENTS:
            client.ask(server, "default", "version")  # fetches packages, fills caches
            begun = time.monotonic()
            assert client.ask(server, "default", "stream", rows) == [rows, rows * (rows - 1) // 2]
            streamed = time.monotonic() - begun
            cancelled = client.ask(server, "default", "cancel", "q" + uuid.uuid4().hex)
            found[client.name] = {"stream_s": round(streamed, 1), "cancel_s": round(cancelled, 2)}
    return found


def main() -> int:
    """Measure, print the table, and say whether each cancel was quick."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000_000, help="rows of a stream (%(default)s)")
    rows = parser.parse_args().rows
    found = {kind.value: measured(kind, rows) for kind in ClickHouseKind}
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps({"rows": rows, "target_cancel_s": CANCEL_S, "servers": found}, indent=1) + "\n")
    embedded, server = found[ClickHouseKind.EMBEDDED], found[ClickHouseKind.SERVER]
    print("| | stream, embedded | stream, server | cancel, embedded | cancel, server |\n|---|---|---|---|---|")
    for name, first in embedded.items():
        second = server[name]
        print(
            f"| {name} | {first['stream_s']:.1f} s | {second['stream_s']:.1f} s "
            f"| {first['cancel_s']:.2f} s | {second['cancel_s']:.2f} s |"
        )
    slow = [name for clients in found.values() for name, one in clients.items() if one["cancel_s"] > CANCEL_S]
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
