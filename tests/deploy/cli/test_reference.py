"""`hailong reference`, and how other commands refuse a file that is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.site_file import ADDED, TRUST
from typer.testing import CliRunner

from deploy.cli.main import app
from schemas.errors import ConfigurationError
from schemas.reference.site.reference import package_reference

BAD = '[[office]]\ncode = "spsp"\n\n[[ofice]]\n'


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file named in the settings, in a directory without a stack."""
    path = tmp_path / "own.toml"
    path.write_text(ADDED, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HAILONG_REFERENCE_FILE", str(path))
    return path


def run(*arguments: str) -> Any:
    """One command."""
    return CliRunner().invoke(app, arguments)


def test_check_says_what_the_file_changes_and_its_digest(own: Path) -> None:
    """Without settings for servers: the file of the settings, or the one that is named."""
    done = run("reference", "check")
    assert done.exit_code == 0
    assert "office SPSP: added 'São Paulo', from 2016-09-01 to before 2020-01-01" in done.output
    assert package_reference().digest not in done.output
    assert run("reference", "check", str(own)).output == done.output


def test_without_a_file_the_package_is_said_to_be_used(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forgotten setting is noticed."""
    monkeypatch.delenv("HAILONG_REFERENCE_FILE")
    done = run("reference", "check")
    assert "HAILONG_REFERENCE_FILE is not set" in done.output
    assert package_reference().digest in done.output
    assert own.exists()


@pytest.mark.parametrize("command", [("worker",), ("migrate",), ("publish", "x.csv"), ("reference", "check")])
def test_every_command_that_needs_the_file_lists_its_problems(own: Path, command: tuple[str, ...]) -> None:
    """All problems with path and line, before anything is done; only commands that need servers ask for them."""
    own.write_text(BAD, encoding="utf-8")
    done = run(*command)
    assert isinstance(done.exception, ConfigurationError)
    found = [problem for problem in done.exception.problems if problem.startswith("HAILONG_REFERENCE_FILE: ")]
    assert {problem.split(": ")[1] for problem in found} == {f"{own}:1", f"{own}:4"}
    assert len(found) == 6
    others = [problem for problem in done.exception.problems if problem not in found]
    assert bool(others) == (command[0] != "reference")


def test_list_shows_versions_with_dates_and_origin(own: Path) -> None:
    """By code, by day, or only one's own; as a table or as JSON."""
    listed = run("reference", "list", "--own", "--json")
    rows = [json.loads(line) for line in listed.output.splitlines()]
    assert [(row["code"], row["team"], row["from"], row["before"], row["origin"]) for row in rows] == [
        ("SPSP", "", "2016-09-01", "2020-01-01", "SITE"),
        ("SPSP", "A1", "2017-01-01", "2019-01-01", "SITE"),
    ]
    assert len(run("reference", "list", "03EE", "--json").output.splitlines()) == 5
    at = run("reference", "list", "03EE", "SPSP", "--at", "2020-01-01", "--json").output.splitlines()
    assert [json.loads(line)["code"] for line in at] == ["03EE"] * 3
    assert "São Paulo" in run("reference", "list", "SPSP").output
    assert "No unit fits" in run("reference", "list", "QQQQ").output
    assert own.exists()


def test_phrases_are_listed_with_their_origin(own: Path) -> None:
    """All phrases with kind and trust; with --own only the file's."""
    own.write_text(f'[[allegation]]\nphrase = "tiền mãi lộ"\nkind = "PAYMENT"\n{TRUST}', encoding="utf-8")
    every, mine = run("reference", "allegations"), run("reference", "allegations", "--own", "--json")
    assert "phong bì" in every.output
    assert json.loads(mine.output) == {
        "phrase": "tiền mãi lộ",
        "kind": "PAYMENT",
        "marks": "or none",
        "meaning": "",
        "origin": "SITE",
        "trust": "U",
    }
