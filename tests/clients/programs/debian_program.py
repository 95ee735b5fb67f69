"""Debian's clickhouse-client of 2018 (native protocol): what `tests/clients/test_contract.py` asks of it.

It knows no DateTime64, so times go through it as numbers.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from typing import Any

from support.polling import eventually

COMMAND = [
    *("clickhouse-client", "--host", os.environ["SERVER_HOST"], "--port", os.environ["SERVER_PORT"]),
    *("--user", os.environ["SERVER_USER"], "--password", os.environ["SERVER_PASSWORD"]),
    *("--database", os.environ["SERVER_DATABASE"]),
]
ENDLESS = "SELECT sum(sipHash64(number)) AS {name} FROM numbers(1000000000000)"
RUNNING = "SELECT count() FROM system.processes WHERE query LIKE '%{name}%' AND query NOT LIKE '%processes%'"


def said(query: str, data: str | None = None, *options: str) -> str:
    """What one run of the client prints."""
    done = subprocess.run(
        [*COMMAND, *options, "--query", query], input=data, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def insert(count: int, first_ms: int) -> int:
    """Insert rows from standard input into a table of types that the client knows, and copy them.

    For an INSERT a server describes all columns of the table, also those that are not inserted.
    """
    day = said(f"SELECT toDate(toDateTime({first_ms // 1000}, 'UTC'))").strip()
    optional = ("\\N" if n % 3 == 0 else n % 1000 for n in range(count))
    lines = (f"{n}\trow {n} Hải Phòng\t{maybe}\t{day}\t{first_ms + n}\n" for n, maybe in enumerate(optional))
    said("CREATE TABLE plain (n UInt32, s String, maybe Nullable(Int16), day Date, ms Int64) ENGINE = Memory")
    said("INSERT INTO plain FORMAT TabSeparated", "".join(lines))
    said("INSERT INTO contract SELECT n, s, maybe, day, fromUnixTimestamp64Milli(ms, 'UTC') FROM plain")
    said("DROP TABLE plain")
    return count


def select() -> list[list[Any]]:
    """The first rows."""
    text = said("SELECT n, s, maybe, day, toUnixTimestamp64Milli(at) FROM contract ORDER BY n LIMIT 3")
    rows = [line.split("\t") for line in text.splitlines()]
    return [[int(n), s, None if maybe == "\\N" else int(maybe), day, int(at)] for n, s, maybe, day, at in rows]


def stream(count: int) -> list[int]:
    """Read a long result as it comes."""
    rows = total = 0
    command = [*COMMAND, "--query", f"SELECT number FROM numbers({count})"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        for line in process.stdout:
            rows += 1
            total += int(line)
    assert process.returncode == 0
    return [rows, total]


def cancel(name: str) -> float:
    """Interrupt the client as Ctrl-C does; the seconds until the server no longer runs its query."""

    def runs() -> bool:
        return said(RUNNING.format(name=name)).strip() != "0"

    with subprocess.Popen([*COMMAND, "--query", ENDLESS.format(name=name)], stdout=subprocess.DEVNULL) as process:
        eventually(runs, "the query runs")
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait()
        eventually(lambda: not runs(), "the query is gone")
        return time.monotonic() - begun


def main() -> None:
    """Do what the arguments say, and print the result as JSON."""
    result: Any
    match sys.argv[1:]:
        case ["version"]:
            result = said("SELECT version()").strip()
        case ["tables"]:
            result = said("SHOW TABLES").split()
        case ["select"]:
            result = select()
        case ["insert", count, first_ms]:
            result = insert(int(count), int(first_ms))
        case ["stream", count]:
            result = stream(int(count))
        case ["cancel", name]:
            assert re.fullmatch(r"\w+", name)
            result = cancel(name)
    print(json.dumps(result))  # noqa: T201 - this is the program's output


if __name__ == "__main__":
    main()
