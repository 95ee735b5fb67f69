from __future__ import annotations

import csv
import errno
import json
import os
import pty
import signal
import struct
import subprocess
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path
from uuid import uuid4

import pytest
from rich.cells import cell_len
from support.clickhouse_server import ClickHouseServer
from support.clickhouses import on_both_clickhouses
from support.command import COMMAND, environment, hailong
from support.polling import DEADLINE_S, eventually

from deploy.cli.commands.sql import SHOWN_ROWS
from sinks.clickhouse.client import query

pytestmark = pytest.mark.servers

REASON = "Cán bộ hải quan hướng dẫn chưa rõ ràng, phải sửa tờ khai nhiều lần"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def settings(clickhouse_server: ClickHouseServer) -> dict[str, str]:
    """The variables that name the server."""
    connection = clickhouse_server.connection()
    return {
        "HAILONG_CLICKHOUSE_HOST": connection.host,
        "HAILONG_CLICKHOUSE_PORT": str(connection.port),
        "HAILONG_CLICKHOUSE_USER": connection.user,
        "HAILONG_CLICKHOUSE_PASSWORD": connection.password,
        "HAILONG_CLICKHOUSE_DATABASE": connection.database,
    }


@pytest.fixture
def sql(settings: dict[str, str], tmp_path: Path) -> Run:
    """Runs the command as a program would, with a file or a pipe for its output."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return hailong("sql", *arguments, cwd=tmp_path, **settings)

    return run


@contextmanager
def _started(settings: dict[str, str], cwd: Path, *arguments: str, stdout: int) -> Iterator[subprocess.Popen[str]]:
    """The command while it runs."""
    process = subprocess.Popen(
        [*COMMAND, "sql", *arguments],
        cwd=cwd,
        env=environment(**settings),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_without_a_terminal_nothing_is_cut(sql: Run) -> None:
    """A long value in a file or a pipe is whole and on one line, and so are all rows."""
    done = sql(f"SELECT number, repeat('{REASON} ', 20) AS reason FROM numbers({2 * SHOWN_ROWS})")
    assert done.returncode == 0
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) == 2 * SHOWN_ROWS + 2
    assert all(line.count(REASON) == 20 for line in lines[2:])


def test_on_a_terminal_a_table_fits_and_ends(settings: dict[str, str], tmp_path: Path) -> None:
    """No line is wider than the terminal, and the last one says that there are more rows."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    statement = f"SELECT number AS n, '{REASON}' AS reason FROM system.numbers"
    environment_without_columns = {key: value for key, value in environment(**settings).items() if key != "COLUMNS"}
    process = subprocess.Popen(
        [*COMMAND, "sql", statement],
        cwd=tmp_path,
        env=environment_without_columns,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
    )
    os.close(theirs)
    try:
        lines = _read(ours).decode().splitlines()
        said = process.communicate(timeout=DEADLINE_S)[1].decode()
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert max(map(cell_len, lines)) <= 60
    assert [line for line in lines if line.lstrip().startswith(f"{SHOWN_ROWS - 1}  ")]
    assert not [line for line in lines if line.lstrip().startswith(f"{SHOWN_ROWS}  ")]
    assert f"The first {SHOWN_ROWS:,} rows; there are more." in said


def _read(terminal: int) -> bytes:
    """All that a program writes to a terminal, until it ends."""
    read = b""
    try:
        while some := os.read(terminal, 65_536):
            read += some
    except OSError as error:
        if error.errno != errno.EIO:  # the other side is closed
            raise
    finally:
        os.close(terminal)
    return read


def test_csv_and_json_hold_the_same_rows(sql: Run) -> None:
    """Header, ISO times, missing values, arrays, named tuples and decimals arrive in both formats."""
    statement = """
        SELECT 'Hải, "Phòng"' AS office, '' AS empty, NULL AS missing, toDecimal64('12.34', 2) AS ratio,
               toDateTime64('2026-11-30 08:00:00.5', 3, 'Asia/Ho_Chi_Minh') AS at, toDate('2026-11-30') AS day,
               CAST([('x', 1)], 'Array(Tuple(name String, n UInt64))') AS drivers, map('k', 0.5) AS shares,
               toUUID('01234567-89ab-cdef-0123-456789abcdef') AS id, true AS yes
    """
    as_json, as_csv = sql("--format", "json", statement), sql("--format", "csv", statement)
    assert (as_json.returncode, as_csv.returncode) == (0, 0)
    row = {
        "office": 'Hải, "Phòng"',
        "empty": "",
        "missing": None,
        "ratio": 12.34,
        "at": "2026-11-30T08:00:00.500+07:00",
        "day": "2026-11-30",
        "drivers": [{"name": "x", "n": 1}],
        "shares": {"k": 0.5},
        "id": "01234567-89ab-cdef-0123-456789abcdef",
        "yes": True,
    }
    assert [json.loads(line) for line in as_json.stdout.splitlines()] == [row]
    [header, fields] = csv.reader(as_csv.stdout.splitlines())
    assert header == list(row)
    nested = [json.dumps(row[name]) for name in ("drivers", "shares")]
    assert fields == ['Hải, "Phòng"', "", "", "12.34", row["at"], "2026-11-30", *nested, row["id"], "true"]
    assert ',"",,' in as_csv.stdout  # empty, then missing


def test_a_statement_comes_through_a_pipe_or_from_a_file(settings: dict[str, str], sql: Run, tmp_path: Path) -> None:
    """With parameters; and a program may leave the dash away."""
    (tmp_path / "day.sql").write_text("SELECT {day:Date} + 1 AS next, {name:String} AS name")
    done = sql("--format", "csv", "--file", "day.sql", "--param", "day=2026-11-30", "-p", "name=it's\\")
    assert done.stdout == "next,name\n2026-12-01,it's\\\n"
    piped = subprocess.run(
        [*COMMAND, "sql", "--format", "json"],
        cwd=tmp_path,
        env=environment(**settings),
        input="SELECT 1 AS one",
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert piped.stdout == '{"one": 1}\n'


def test_only_write_writes(clickhouse_server: ClickHouseServer, sql: Run) -> None:
    """A statement that drops a table is refused with the way to do it, and does nothing; with --write it runs."""
    name = f"t{uuid4().hex[:8]}"
    connection = clickhouse_server.connection()
    there = f"SELECT count() FROM system.tables WHERE name = '{name}'"
    query(connection, f"CREATE TABLE {name} (a UInt8) ENGINE = Memory")
    refused = sql(f"DROP TABLE {name}")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.count("\n") == 1
    assert "--write" in refused.stderr
    assert query(connection, there) == [(1,)]
    dropped = sql("--write", f"DROP TABLE {name}")
    assert (dropped.returncode, dropped.stdout, dropped.stderr) == (0, "", "")
    assert query(connection, there) == [(0,)]


def test_an_error_of_the_server_is_one_line_without_secrets(sql: Run, settings: dict[str, str]) -> None:
    """It has the code, and the exit status is 1."""
    done = sql("--format", "csv", "SELECT number, throwIf(number = 150000) FROM numbers(200000)")
    assert done.returncode == 1
    assert "(code 395)" in done.stderr
    assert done.stderr.count("\n") == 1
    assert settings["HAILONG_CLICKHOUSE_PASSWORD"] not in done.stderr


def test_a_wrong_password_is_not_repeated(settings: dict[str, str], tmp_path: Path) -> None:
    """The message names the variable to look at, and neither the password that was given nor the right one."""
    done = hailong("sql", "SELECT 1", cwd=tmp_path, **{**settings, "HAILONG_CLICKHOUSE_PASSWORD": "mistyped"})
    assert (done.returncode, done.stdout) == (1, "")
    assert "check HAILONG_CLICKHOUSE_USER and HAILONG_CLICKHOUSE_PASSWORD" in done.stderr
    assert "mistyped" not in done.stderr
    assert settings["HAILONG_CLICKHOUSE_PASSWORD"] not in done.stderr


@on_both_clickhouses
@pytest.mark.parametrize(
    "endless",
    ["SELECT number, '{marker}' FROM system.numbers", "SELECT sum(sipHash64(number, '{marker}')) FROM system.numbers"],
    ids=["rows", "no rows yet"],
)
def test_ctrl_c_cancels_at_the_server(
    clickhouse_server: ClickHouseServer, settings: dict[str, str], tmp_path: Path, endless: str
) -> None:
    """The exit status is 130, and soon the server does not run the statement any more."""
    marker = uuid4().hex
    running = f"SELECT count() FROM system.processes WHERE query LIKE '%{marker}%' AND query NOT LIKE '%processes%'"
    statement = endless.format(marker=marker)
    with _started(settings, tmp_path, "--format", "csv", statement, stdout=subprocess.DEVNULL) as process:
        eventually(lambda: query(clickhouse_server.connection(), running) == [(1,)], "the server runs the statement")
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=DEADLINE_S)[1]
    assert process.returncode == 130
    assert said == "Interrupted: the statement was cancelled at the server.\n"
    eventually(lambda: query(clickhouse_server.connection(), running) == [(0,)], "the statement has ended")


def test_a_reader_that_has_enough_ends_it_silently(settings: dict[str, str], tmp_path: Path) -> None:
    """`hailong sql ... | head -1` reads no further and prints no error."""
    with _started(settings, tmp_path, "SELECT number FROM system.numbers", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "number"
        process.stdout.close()
        assert process.wait(DEADLINE_S) == 141
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_full_disk_is_said(settings: dict[str, str], tmp_path: Path) -> None:
    """Rows that could not be written are an error, and not one of the connection."""
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        with _started(settings, tmp_path, "SELECT 1", stdout=full) as process:
            said = process.communicate(timeout=DEADLINE_S)[1]
    finally:
        os.close(full)
    assert process.returncode == 1
    assert said == "hailong: The rows cannot be written: No space left on device.\n"


@pytest.mark.long
@pytest.mark.parametrize("output", ["csv", "json", "table"])
def test_long_results_need_little_memory(settings: dict[str, str], tmp_path: Path, output: str) -> None:
    """A result of 600,000 rows, 100 MB as Python has it, takes hardly more memory than one of 60,000."""
    peaks = []
    for rows in (60_000, 600_000):
        statement = f"SELECT number, toString(number) AS text FROM numbers({rows})"
        arguments = [*COMMAND, "sql", "--format", output, statement]
        process = subprocess.Popen(arguments, cwd=tmp_path, env=environment(**settings), stdout=subprocess.DEVNULL)
        _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        peaks.append(used.ru_maxrss)
    assert peaks[1] - peaks[0] < 30_000  # KiB


def test_wrong_usage_is_status_2(sql: Run) -> None:
    """The message says how to give a statement."""
    done = sql("--file", "missing.sql")
    assert done.returncode == 2
    assert "missing.sql cannot be read: No such file or directory" in done.stderr
