"""A fault that needs an operator stops the sink: it says what to do, commits nothing more, and loses nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.events import at, status
from support.polling import DEADLINE_S, eventually
from support.sink_bench import SinkBench, new_sink_bench

from schemas.topics import Topic
from sinks.audit.run import audit

pytestmark = pytest.mark.servers

MONDAY = at("2020-05-11 08:00")
FAULTS = {
    "table": ("UNKNOWN_TABLE", "run `hailong migrate`"),
    "grant": ("ACCESS_DENIED", "grant the user what `docs/clickhouse-rights.md` lists"),
    "password": ("AUTHENTICATION_FAILED", "check HAILONG_CLICKHOUSE_USER and HAILONG_CLICKHOUSE_PASSWORD"),
}


def ten(first: int) -> list[Any]:
    """Ten registrations with ids of their own."""
    return [status(f"e{n}", "REGISTERED", MONDAY + n) for n in range(first, first + 10)]


def hailong_sink(bench: SinkBench, log: Path) -> subprocess.Popen[bytes]:
    """The command as an operator runs it."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HAILONG_")},
        "HAILONG_KAFKA_BOOTSTRAP_SERVERS": bench.kafka.bootstrap_servers,
        "HAILONG_KAFKA_TOPIC_PREFIX": bench.kafka.topic_prefix,
        "HAILONG_KAFKA_SESSION_TIMEOUT_MS": "6000",
        "HAILONG_CLICKHOUSE_HOST": bench.clickhouse.host,
        "HAILONG_CLICKHOUSE_PORT": str(bench.clickhouse.port),
        "HAILONG_CLICKHOUSE_DATABASE": bench.clickhouse.database,
        "HAILONG_CLICKHOUSE_USER": bench.clickhouse.user,
        "HAILONG_CLICKHOUSE_PASSWORD": bench.clickhouse.password,
        "HAILONG_SINK_GROUP": bench.options.group,
        "HAILONG_SINK_FLUSH_INTERVAL_S": "0.1",
        "HAILONG_SINK_COMMIT_INTERVAL_S": "0.1",
        "HAILONG_HTTP_PORT": "0",
    }
    command = [str(Path(sys.executable).with_name("hailong")), "sink"]
    with log.open("wb") as output:
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=output)


@pytest.mark.long
def test_each_fault_stops_the_command_and_costs_nothing(bench: SinkBench, tmp_path: Path) -> None:
    """Missing table or right, wrong password: status 1 and a remedy in the last line; once corrected, all is stored."""
    benches = {name: new_sink_bench(bench.server, bench.kafka.bootstrap_servers) for name in FAULTS}
    running = {}
    try:
        for name, one in benches.items():
            one.send(Topic.DECLARATION_STATUS, *ten(0))
            running[name] = hailong_sink(one, tmp_path / name)
        for one in benches.values():
            eventually(partial(_committed, one, 10), "the first ten are committed")

        benches["table"].rows("RENAME TABLE declaration_status TO elsewhere")
        stops(benches["table"], running["table"], tmp_path / "table")
        for name, changed in {"grant": {"without": "INSERT"}, "password": {"password": "another"}}.items():
            bench.server.kill()
            bench.server.start(**changed)
            stops(benches[name], running[name], tmp_path / name)
    finally:
        for process in running.values():
            process.kill()
            process.wait()
        bench.server.kill()
        bench.server.start()

    for one in benches.values():
        assert one.committed() == 10
    benches["table"].rows("RENAME TABLE elsewhere TO declaration_status")
    for one in benches.values():
        one.load(10)
        assert one.count("declaration_status") == 20
        assert audit(one.kafka, one.clickhouse).clean
        one.drop()


def _committed(bench: SinkBench, records: int) -> bool:
    return bench.committed() == records


def stops(bench: SinkBench, process: subprocess.Popen[bytes], log: Path) -> None:
    """Send ten more; the process must end with status 1 and the right last line."""
    bench.send(Topic.DECLARATION_STATUS, *ten(10))
    assert process.wait(DEADLINE_S) == 1
    text = log.read_text()
    last = text.strip().splitlines()[-1]
    assert all(words in last for words in FAULTS[log.name]), last
    assert bench.clickhouse.password not in text
