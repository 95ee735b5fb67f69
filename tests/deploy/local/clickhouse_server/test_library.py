from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from deploy.local.clickhouse_server import library
from deploy.local.clickhouse_server.library import available, default_cache, resolve, version
from schemas.errors import ConfigurationError, SystemFault

NPM = """#!/bin/sh
while [ $# -gt 0 ]; do case "$1" in --prefix) draft="$2" ;; esac; shift; done
mkdir -p "$draft/node_modules/@chdb/lib-linux-x64-gnu"
cp "$draft/package-lock.json" "$draft/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so"
"""


def an_npm(directory: Path, text: str) -> None:
    """A program that stands for npm."""
    (directory / "npm").write_text(text)
    (directory / "npm").chmod(0o700)


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A PATH on which there is the system's shell and what the test puts there, but no npm."""
    directory = tmp_path / "bin"
    directory.mkdir()
    for name in ("sh", "mkdir", "cp"):
        (directory / name).symlink_to(Path("/bin") / name)
    monkeypatch.setenv("PATH", str(directory))
    return directory


@pytest.mark.usefixtures("path")
def test_without_npm_the_message_says_what_to_install(tmp_path: Path) -> None:
    """Nobody has to understand a stack trace to find out that npm is missing."""
    with pytest.raises(ConfigurationError, match=r"apt-get install npm.* no npm is on the PATH"):
        resolve(tmp_path / "cache")


def test_npm_is_missed_only_while_there_is_no_library(path: Path, tmp_path: Path) -> None:
    """A machine without npm can be given the library of another."""
    an_npm(path, NPM)
    found = resolve(tmp_path / "cache")
    (path / "npm").unlink()
    assert available(tmp_path / "cache") is None
    assert resolve(tmp_path / "cache") == found
    assert found.read_bytes() == (files(library.__package__) / "package-lock.json").read_bytes()


def test_on_another_machine_the_message_names_the_embedded_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package runs on Linux with glibc on x86-64 only: npm would say so in words of its own."""
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert "embedded one (the default) runs here" in (available() or "")


def test_a_failed_fetch_leaves_nothing_and_shows_what_npm_said(path: Path, tmp_path: Path) -> None:
    """The next start tries again, and the user reads npm's own words."""
    an_npm(path, "#!/bin/sh\necho 'npm error code EINTEGRITY'\nexit 1\n")
    told: list[str] = []
    with pytest.raises(SystemFault, match=r"status 1\)\. Its last lines:\n  \| npm error code EINTEGRITY"):
        resolve(tmp_path / "cache", told.append)
    assert sorted(entry.name for entry in (tmp_path / "cache").iterdir()) == [".lock", "npm.log"]
    assert told == ["Fetching ClickHouse with npm (about 180 MB, once; 570 MB on disk)"]


def test_the_lock_names_one_version_by_its_hash_and_no_registry() -> None:
    """No other bytes are taken, and npm takes them from the registry that the machine is configured for."""
    text = (files(library.__package__) / "package-lock.json").read_text()
    (pinned,) = (one for name, one in json.loads(text)["packages"].items() if name)
    wanted = json.loads((files(library.__package__) / "package.json").read_text())["dependencies"]
    assert list(wanted.values()) == [pinned["version"]] == [version()]
    assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", pinned["integrity"])
    assert "resolved" not in pinned
    assert "://" not in text


def test_the_library_of_a_clone_stays_in_the_clone() -> None:
    """`make clean` removes it with everything else."""
    assert default_cache() == Path(__file__).parents[4] / "var" / "clickhouse" / "server"
