"""Packages of foreign clients for tests: fetched by pip, Maven and npm, once, beside the locked environment.

Each directory is named after the hash of what pins its packages (`tests/clients/packages/`), so versions never mix.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.local.fetching import cache_directory, fetch_once, maven_command, npm_command, pinned_name, run_tool
from deploy.local.kafka import java
from deploy.settings.variables import without_settings

_PINS = Path(__file__).resolve().parents[1] / "clients" / "packages"
_WHAT = "clients for tests"
_Command = Callable[[Path], list[str]]


def python_packages() -> Path:
    """The directory of clickhouse-connect and what it needs."""

    def command(draft: Path) -> list[str]:
        return [
            *(
                sys.executable,
                "-m",
                "pip",
                "install",
                "--disable-pip-version-check",
                "--no-input",
                "--only-binary=:all:",
            ),
            *("--require-hashes", "-r", str(draft / "requirements.txt"), "--target", str(draft / "site")),
        ]

    return _fetched("pip", ("requirements.txt",), command, "site", without_settings(os.environ))


def jars() -> Path:
    """The directory of the jars of the JDBC driver."""
    return _fetched("Maven", ("pom.xml",), maven_command, "jars", java.environment())


def node_modules() -> Path:
    """The `node_modules` of the Node client."""
    names = ("package.json", "package-lock.json")
    return _fetched("npm", names, npm_command, "node_modules", without_settings(os.environ))


def jdbc_missing() -> str | None:
    """Why the JDBC driver cannot be used here, as a sentence; None if it can."""
    return java.missing() or _tool_missing("mvn", "maven", _home("Maven", ("pom.xml",)))


def node_missing() -> str | None:
    """The same for the Node client."""
    if shutil.which("node") is None:
        return "apt-get install nodejs"
    return _tool_missing("npm", "npm", _home("npm", ("package.json", "package-lock.json")))


def _tool_missing(tool: str, package: str, home: Path) -> str | None:
    return None if home.is_dir() or shutil.which(tool) else f"apt-get install {package}"


def _home(tool: str, names: tuple[str, ...]) -> Path:
    pins = pinned_name(*((_PINS / name).read_bytes() for name in names))
    # What pip installs is for one Python.
    version = f"-{sys.version_info.major}.{sys.version_info.minor}" if tool == "pip" else ""
    return cache_directory("test-clients") / f"{tool.lower()}-{pins}{version}"


def _fetched(tool: str, names: tuple[str, ...], command: _Command, made: str, environment: Mapping[str, str]) -> Path:
    home = _home(tool, names)

    def fetch(draft: Path) -> None:
        for name in names:
            shutil.copyfile(_PINS / name, draft / name)
        log = home.parent / f"{tool.lower()}.log"
        run_tool(tool, command(draft), log, environment, what=_WHAT, progress=lambda: "", tell=_quietly)
        (draft / made).rename(home)

    fetch_once(home, fetch, _WHAT, _quietly)
    return home


def _quietly(_line: str) -> None:
    """Tell nobody about progress."""
