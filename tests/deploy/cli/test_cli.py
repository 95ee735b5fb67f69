from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from support.command import hailong
from support.polling import DEADLINE_S
from typer.testing import CliRunner

from deploy.cli.error_report import REPORTING, report
from deploy.cli.main import app
from deploy.errors import Mistake
from deploy.local.ports import free_port
from schemas.errors import ConfigurationError, Unavailable


def _commands(command: Any, *path: str) -> Iterator[tuple[str, ...]]:
    """Every command and group below a command, as a person writes it."""
    for name, below in getattr(command, "commands", {}).items():
        yield (*path, name)
        yield from _commands(below, *path, name)


COMMANDS = tuple(_commands(typer.main.get_command(app)))


def loaded_by(*modules: str) -> set[str]:
    """Names of all modules that these ones import."""
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_help_is_quick_and_lists_every_command(tmp_path: Path) -> None:
    """`hailong --help` imports neither Kafka, numba nor ClickHouse, so it answers in well under a second."""
    done = hailong("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert all(command[0] in done.stdout for command in COMMANDS)
    assert not {"numba", "numpy", "confluent_kafka", "clickhouse_driver", "faust", "pydantic"} & loaded_by(
        "deploy.cli.main"
    )


def test_checking_settings_is_quick() -> None:
    """The settings of all components import only options: no stage, no loader and no local server."""
    assert not {"numba", "numpy", "clickhouse_driver", "faust"} & loaded_by(
        "deploy.settings.all_groups", "deploy.local.stack.layout"
    )


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    """Every command has a help text, and so has each of its options."""
    result = CliRunner().invoke(app, [*command, "--help"], prog_name="hailong", env={"COLUMNS": "100"})
    assert result.exit_code == 0
    assert len(result.output) > 300
    found = typer.main.get_command(app)
    for name in command:
        found = found.commands[name]  # type: ignore[attr-defined]  # each name but the last is a group's
    assert found.help
    assert [option.name for option in found.params if not getattr(option, "help", None)] == []


@pytest.mark.parametrize("command", [["worker"], ["sink"], ["migrate"], ["topics", "create"], ["sql", "SELECT 1"]])
def test_missing_settings_end_with_status_2_and_say_what_to_do(command: list[str], tmp_path: Path) -> None:
    """Without a stack and without settings, the message names the variables and `hailong up`; no traceback."""
    done = hailong(*command, cwd=tmp_path)
    assert done.returncode == 2
    assert "is not set" in done.stderr
    assert "hailong up" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_all_wrong_settings_are_listed_together(tmp_path: Path) -> None:
    """A worker with three mistakes names all three."""
    done = hailong(
        "worker",
        cwd=tmp_path,
        HAILONG_KAFKA_BOOTSTRAP_SERVERS="nonsense",
        HAILONG_WORKER_GRACE_S="-1",
        HAILONG_LOG_LEVEL="loud",
    )
    assert done.returncode == 2
    for name in ("HAILONG_KAFKA_BOOTSTRAP_SERVERS", "HAILONG_WORKER_GRACE_S", "HAILONG_LOG_LEVEL"):
        assert name in done.stderr


def test_an_unreachable_clickhouse_is_one_sentence_and_status_1(tmp_path: Path) -> None:
    """The message names the address and never the password."""
    port = str(free_port())
    done = hailong(
        "sql",
        "SELECT 1",
        cwd=tmp_path,
        HAILONG_CLICKHOUSE_HOST="127.0.0.1",
        HAILONG_CLICKHOUSE_PORT=port,
        HAILONG_CLICKHOUSE_PASSWORD="hunter2",
    )
    assert done.returncode == 1
    assert f"ClickHouse at 127.0.0.1:{port} does not answer" in done.stderr
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stop_while_starting_is_an_ordinary_stop(tmp_path: Path) -> None:
    """SIGTERM before a worker has begun, here while it waits for Kafka, ends it at once with status 0."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(DEADLINE_S)
        settings = {"HAILONG_KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{silent.getsockname()[1]}"}
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.cli.main", "worker"],
            cwd=tmp_path,
            env={**os.environ, **settings, "HAILONG_HTTP_PORT": "0"},
            stderr=subprocess.DEVNULL,
        )
        try:
            silent.accept()[0].close()
            process.terminate()
            assert process.wait(DEADLINE_S) == 0
        finally:
            process.kill()
            process.wait()


def test_a_directory_without_a_stack_is_named(tmp_path: Path) -> None:
    """`--dir` of a stack that does not run is refused instead of falling back to other servers."""
    done = hailong("sql", "--dir", "elsewhere", "SELECT 1", cwd=tmp_path, HAILONG_CLICKHOUSE_HOST="production")
    assert done.returncode == 2
    assert "No stack runs in elsewhere" in done.stderr


def test_a_misspelt_setting_is_a_warning(tmp_path: Path) -> None:
    """The person learns why the setting has no effect."""
    done = hailong("worker", cwd=tmp_path, HAILONG_KAFKA_BOOTSTRAP_SERVER="x:1")
    assert "did you mean HAILONG_KAFKA_BOOTSTRAP_SERVERS?" in done.stderr


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (ConfigurationError(["A is wrong.", "B is wrong."]), 2, ["- A is wrong.", "- B is wrong."]),
        (Unavailable("Kafka does not answer"), 1, ["hailong: Kafka does not answer", "then try again"]),
        (Mistake("Say which."), 2, ["hailong: Say which."]),
        (ZeroDivisionError("secret"), 1, ["unexpected ZeroDivisionError", "--debug"]),
        (KeyboardInterrupt(), 130, ["Interrupted"]),
    ],
)
def test_errors_become_messages(
    error: BaseException, status: int, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Every error ends with its exit status and a message on standard error, without traceback."""
    assert report(error) == status
    said = capsys.readouterr()
    assert all(word in said.err for word in words)
    assert "Traceback" not in said.err
    assert "secret" not in said.err
    assert said.out == ""


def test_what_was_done_before_an_error_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A note on an error, such as how much of an import may be in Kafka, is printed beneath it."""
    error = Unavailable("Kafka accepted nothing for 60 s")
    error.add_note("Some of about 5,000 events may be in Kafka.")
    assert report(error) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[:2] == ["hailong: Kafka accepted nothing for 60 s", "Some of about 5,000 events may be in Kafka."]


def test_debug_shows_where_an_error_arose(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Developers get the traceback, and only on request."""
    monkeypatch.setattr(REPORTING, "debug", True)
    report(ZeroDivisionError("x"))
    assert "ZeroDivisionError: x" in capsys.readouterr().err
