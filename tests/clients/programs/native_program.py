"""clickhouse-driver (native protocol) as a foreign client: what `tests/clients/test_contract.py` asks of it."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from datetime import UTC, datetime
from typing import Any

from clickhouse_driver import Client
from support.polling import eventually

ENDLESS = "SELECT sum(sipHash64(number)) AS {name} FROM numbers(1000000000000)"
RUNNING = "SELECT count() FROM system.processes WHERE query LIKE '%{name}%' AND query NOT LIKE '%processes%'"


def connected() -> Client:
    """A client, with the compression that its users choose."""
    return Client(
        os.environ["SERVER_HOST"],
        int(os.environ["SERVER_PORT"]),
        user=os.environ["SERVER_USER"],
        password=os.environ["SERVER_PASSWORD"],
        database=os.environ["SERVER_DATABASE"],
        compression="lz4",
    )


def moment(milliseconds: int) -> datetime:
    """A time from milliseconds since 1970."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def insert(client: Client, count: int, first_ms: int) -> int:
    """Insert rows as lists of Python values."""
    rows = [
        (n, f"row {n} Hải Phòng", None if n % 3 == 0 else n % 1000, moment(first_ms + n).date(), moment(first_ms + n))
        for n in range(count)
    ]
    client.execute("INSERT INTO contract (n, s, maybe, day, at) VALUES", rows)
    return count


def stream(client: Client, count: int) -> list[int]:
    """Read a long result row by row; the number of rows and their sum."""
    rows = total = 0
    for (number,) in client.execute_iter(f"SELECT number FROM numbers({count})"):
        rows += 1
        total += number
    return [rows, total]


def cancel(client: Client, name: str) -> float:
    """Cancel a running query; the seconds until the server no longer runs it."""
    watcher = connected()
    client.execute("SELECT 1")
    thread = threading.Thread(target=client.execute, args=(ENDLESS.format(name=name),))
    thread.start()
    eventually(lambda: watcher.execute(RUNNING.format(name=name)) == [(1,)], "the query runs")
    begun = time.monotonic()
    client.connection.send_cancel()
    thread.join()
    eventually(lambda: watcher.execute(RUNNING.format(name=name)) == [(0,)], "the query is gone")
    return time.monotonic() - begun


def main() -> None:
    """Do what the arguments say, and print the result as JSON."""
    client = connected()
    result: Any
    match sys.argv[1:]:
        case ["version"]:
            result = client.execute("SELECT version()")[0][0]
        case ["tables"]:
            result = [name for (name,) in client.execute("SHOW TABLES")]
        case ["select"]:
            rows = client.execute("SELECT n, s, maybe, day, at FROM contract ORDER BY n LIMIT 3")
            result = [[n, s, maybe, str(day), round(at.timestamp() * 1000)] for n, s, maybe, day, at in rows]
        case ["insert", count, first_ms]:
            result = insert(client, int(count), int(first_ms))
        case ["stream", count]:
            result = stream(client, int(count))
        case ["cancel", name]:
            result = cancel(client, name)
    print(json.dumps(result))  # noqa: T201 - this is the program's output


if __name__ == "__main__":
    main()
