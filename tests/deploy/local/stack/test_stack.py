from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from support.clickhouse_server import answers
from support.extras import needs_clickhouse_server, needs_kafka
from support.kafka_cluster import KafkaCluster
from support.polling import DEADLINE_S, eventually

from deploy.local.ports import free_port
from deploy.local.readiness import answers_health
from deploy.local.stack.layout import Layout, secret_in
from deploy.settings.clickhouse import ClickHouseSettings
from deploy.settings.kafka import KafkaSettings
from deploy.settings.load import load
from deploy.settings.variables import read_variables
from schemas.errors import ConfigurationError, SystemFault
from schemas.kafka.group_lag import GroupLag
from schemas.topics import Topic
from sinks.clickhouse.client import query


@contextmanager
def running_up(directory: Path, cwd: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """`hailong up` in a directory, killed at the end if it still runs."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HAILONG_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy.cli.main", "up", "--dir", str(directory), *options],
        cwd=cwd,
        env=clean,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def children_of(pid: int) -> set[int]:
    """Processes whose parent is this one."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.add(int(stat.parent.name))
    return found


def hailong(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Another command, beside the running stack."""
    command = [sys.executable, "-m", "deploy.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=DEADLINE_S)


def all_answer(layout: Layout, *names: str) -> bool:
    """Whether processes of a stack are healthy."""
    ports = json.loads(layout.ports.read_text())
    return all(answers_health(f"http://127.0.0.1:{ports[name]}") for name in names)


def two_events(directory: Path) -> Path:
    """A file with a good status and one that is none."""
    good = {
        "event_id": "e-1",
        "declaration_no": "103266789120",
        "status": "REGISTERED",
        "occurred_at": "2020-04-01T08:00:00+07:00",
        "office": "03EE",
    }
    path = directory / "events.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in (good, {**good, "status": "lost in the post"})))
    return path


def test_a_directory_belongs_to_one_stack(tmp_path: Path) -> None:
    """Two stacks in one directory would write into each other's data."""
    with (
        Layout(tmp_path).locked(),
        pytest.raises(ConfigurationError, match="A stack already runs in"),
        Layout(tmp_path).locked(),
    ):
        pass
    with Layout(tmp_path).locked():
        pass


def test_a_secret_is_made_once_and_private(tmp_path: Path) -> None:
    """The next start finds the password of the data, and other users do not."""
    first = secret_in(tmp_path / "password")
    assert len(first) >= 24
    assert secret_in(tmp_path / "password") == first
    assert (tmp_path / "password").stat().st_mode & 0o777 == 0o600


@pytest.mark.servers
def test_up_runs_is_found_by_other_commands_and_stops_without_leftovers(tmp_path: Path, no_settings: Path) -> None:
    """From start to Ctrl-C: all answers, settings are private, nothing stays but data, logs and secrets."""
    directory = tmp_path / "up"
    layout = Layout(directory)
    with running_up(directory, no_settings) as up:
        eventually(lambda: up.poll() is not None or (directory / "logs" / "sink.log").exists(), "the start")
        eventually(lambda: up.poll() is not None or len(children_of(up.pid)) == 4, "four children")
        assert layout.state_file.stat().st_mode & 0o777 == 0o600
        kafka = load(KafkaSettings, read_variables({}, stack=layout.state_file))
        assert kafka.session_timeout_ms == 6_000
        asked = hailong("sql", "--dir", str(directory), "--format", "csv", "SELECT 6 * 7 x")
        assert asked.stdout == "x\n42\n"
        published = hailong("publish", "--dir", str(directory), str(two_events(tmp_path)))
        assert published.returncode == 1
        assert published.stdout.startswith("1 event is in Kafka. 1 was rejected and not sent")
        assert "events.jsonl:2: status" in published.stderr
        children = children_of(up.pid)
        up.send_signal(signal.SIGINT)
        output, _ = up.communicate(timeout=DEADLINE_S)
        assert up.returncode == 0, output
        assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert not layout.state_file.exists()
    for log in layout.logs.iterdir():
        assert secret_in(layout.clickhouse_password) not in log.read_text()


@pytest.mark.servers
@needs_kafka
def test_apache_kafka_keeps_what_was_published_when_the_stack_stops(tmp_path: Path, no_settings: Path) -> None:
    """With `--broker kafka` a stop waits for nobody, and the next start finds topics, records and offsets."""
    layout = Layout(tmp_path / "up")
    with running_up(layout.directory, no_settings, "--broker", "kafka") as up:
        eventually(lambda: up.poll() is not None or len(children_of(up.pid)) == 4, "four children")
        connection = load(KafkaSettings, read_variables({}, stack=layout.state_file)).connection()
        published = hailong("publish", "--dir", str(layout.directory), str(two_events(tmp_path)))
        assert published.stdout.startswith("1 event is in Kafka.")
        up.send_signal(signal.SIGINT)
        output, _ = up.communicate(timeout=DEADLINE_S)
        assert up.returncode == 0, output
    assert "in memory" not in output
    with KafkaCluster(layout.kafka) as cluster:
        again = replace(connection, bootstrap_servers=cluster.bootstrap_servers)
        with GroupLag(again, "another", [Topic.DECLARATION_STATUS]) as lag:
            assert lag.look().written == 1


@pytest.mark.servers
@needs_clickhouse_server
def test_a_real_clickhouse_keeps_its_data_and_ports_and_survives_a_wrong_password(
    tmp_path: Path, no_settings: Path
) -> None:
    """With `--clickhouse server`, a client with a wrong password costs a second, and the next start finds all again."""
    layout = Layout(tmp_path / "up")
    port = str(free_port())
    ask = ("sql", "--dir", str(layout.directory), "--format", "csv")
    with running_up(layout.directory, no_settings, "--clickhouse", "server", "--clickhouse-http-port", port) as up:
        eventually(lambda: up.poll() is not None or len(children_of(up.pid)) == 4, "four children")
        first = read_variables({}, stack=layout.state_file)
        assert first["HAILONG_CLICKHOUSE_HTTP_PORT"] == port
        eventually(lambda: up.poll() is not None or all_answer(layout, "worker-1", "sink"), "worker and sink are ready")
        assert hailong(*ask, "SELECT version() LIKE '26.7.%' x").stdout == "x\n1\n"
        clickhouse = load(ClickHouseSettings, first).connection()
        with pytest.raises(SystemFault):
            query(replace(clickhouse, password="wrong"), "SELECT 1")
        eventually(lambda: up.poll() is not None or answers(clickhouse), "ClickHouse answers again")
        published = hailong("publish", "--dir", str(layout.directory), str(two_events(tmp_path)))
        assert published.stdout.startswith("1 event is in Kafka.")
        count = "SELECT count() FROM declaration_status"
        eventually(lambda: query(clickhouse, count) == [(1,)], "the event is in ClickHouse")
        up.send_signal(signal.SIGINT)
        output, _ = up.communicate(timeout=DEADLINE_S)
        assert up.returncode == 0, output
        assert "user hailong" in output
    assert "did not stop" not in (layout.logs / "clickhouse.log").read_text(errors="replace")
    with running_up(layout.directory, no_settings, "--clickhouse", "server") as up:
        eventually(lambda: up.poll() is not None or len(children_of(up.pid)) == 4, "four children")
        again = read_variables({}, stack=layout.state_file)
        assert again == first
        assert query(clickhouse, count) == [(1,)]


@pytest.mark.servers
@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_nothing_outlives_a_killed_up(tmp_path: Path, no_settings: Path) -> None:
    """A kill -9 of `hailong up` ends all its processes, and the directory can be used again."""
    with running_up(tmp_path / "up", no_settings) as up:
        eventually(lambda: up.poll() is not None or len(children_of(up.pid)) == 4, "four children")
        children = children_of(up.pid)
        up.kill()
        up.wait()
        eventually(lambda: not any(_alive(child) for child in children), "the end of all children")
    with Layout(tmp_path / "up").locked():
        pass


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
