"""clickhouse-connect (HTTP) as a foreign client: what `tests/clients/test_contract.py` asks of it."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from datetime import UTC, datetime
from typing import Any

import clickhouse_connect
from support.polling import eventually

ENDLESS = "SELECT sum(sipHash64(number)) AS {name} FROM numbers(1000000000000)"
RUNNING = "SELECT count() FROM system.processes WHERE query LIKE '%{name}%' AND query NOT LIKE '%processes%'"


def connected() -> Any:
    """A client as it comes: with a session, lz4 both ways and a query id of its own making."""
    return clickhouse_connect.get_client(
        host=os.environ["SERVER_HOST"],
        port=int(os.environ["SERVER_HTTP_PORT"]),
        username=os.environ["SERVER_USER"],
        password=os.environ["SERVER_PASSWORD"],
        database=os.environ["SERVER_DATABASE"],
    )


def insert(client: Any, count: int, first_ms: int) -> int:
    """Insert rows as lists of Python values."""

    def moment(milliseconds: int) -> datetime:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)

    rows = [
        [n, f"row {n} Hải Phòng", None if n % 3 == 0 else n % 1000, moment(first_ms + n).date(), moment(first_ms + n)]
        for n in range(count)
    ]
    return int(client.insert("contract", rows, column_names=["n", "s", "maybe", "day", "at"]).written_rows)


def stream(client: Any, count: int) -> list[int]:
    """Read a long result block by block; the number of rows and their sum."""
    rows = total = 0
    with client.query_column_block_stream(f"SELECT number FROM numbers({count})") as blocks:
        for (numbers,) in blocks:
            rows += len(numbers)
            total += sum(numbers)
    return [rows, total]


def cancel(client: Any, name: str) -> float:
    """Kill a running query by its id, from a second client; the seconds until the server no longer runs it."""
    watcher = connected()
    ended = threading.Event()

    def run() -> None:
        try:
            client.query(ENDLESS.format(name=name), settings={"query_id": name})
        except clickhouse_connect.driver.exceptions.DatabaseError:
            ended.set()

    thread = threading.Thread(target=run)
    thread.start()
    eventually(lambda: watcher.command(RUNNING.format(name=name)) == 1, "the query runs")
    begun = time.monotonic()
    watcher.command(f"KILL QUERY WHERE query_id = '{name}'")
    thread.join()
    eventually(lambda: watcher.command(RUNNING.format(name=name)) == 0, "the query is gone")
    assert ended.is_set()
    return time.monotonic() - begun


def main() -> None:
    """Do what the arguments say, and print the result as JSON."""
    client = connected()
    result: Any
    match sys.argv[1:]:
        case ["version"]:
            result = client.server_version
        case ["tables"]:
            result = [name for (name,) in client.query("SHOW TABLES").result_rows]
        case ["select"]:
            rows = client.query(
                "SELECT n, s, maybe, day, at FROM contract ORDER BY n LIMIT 3", tz_mode="aware"
            ).result_rows
            result = [[n, s, maybe, str(day), round(at.timestamp() * 1000)] for n, s, maybe, day, at in rows]
        case ["insert", count, first_ms]:
            result = insert(client, int(count), int(first_ms))
        case ["stream", count]:
            result = stream(client, int(count))
        case ["cancel", name]:
            result = cancel(client, name)
        case ["temporary"]:
            client.command("CREATE TEMPORARY TABLE mine (a UInt8)")
            client.insert("mine", [[7]], column_names=["a"])
            result = client.command("SELECT a FROM mine")
    print(json.dumps(result))  # noqa: T201 - this is the program's output


if __name__ == "__main__":
    main()
