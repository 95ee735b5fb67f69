"""Packages of foreign clients for tests: fetched by pip, Maven and npm, once, beside the locked environment.

Each directory is named after the hash of what pins its packages (`tests/clients/packages/`), so versions never mix.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.local.fetching import cache_directory, drafted, run_tool
from deploy.local.kafka import java
from deploy.settings.variables import without_settings

_PINS = Path(__file__).resolve().parents[1] / "clients" / "packages"
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

    def command(draft: Path) -> list[str]:
        return [
            *("mvn", "--batch-mode", "--strict-checksums", "--file", str(draft / "pom.xml")),
            *("dependency:copy-dependencies", f"-DoutputDirectory={draft / 'jars'}"),
        ]

    return _fetched("Maven", ("pom.xml",), command, "jars", java.environment())


def node_modules() -> Path:
    """The `node_modules` of the Node client."""

    def command(draft: Path) -> list[str]:
        return [
            *("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"),
            *("--prefix", str(draft), "--cache", str(draft / "cache")),
        ]

    names = ("package.json", "package-lock.json")
    return _fetched("npm", names, command, "node_modules", without_settings(os.environ))


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
    pins = b"".join((_PINS / name).read_bytes() for name in names)
    # What pip installs is for one Python.
    version = f"-{sys.version_info.major}.{sys.version_info.minor}" if tool == "pip" else ""
    return cache_directory("test-clients") / f"{tool.lower()}-{hashlib.sha256(pins).hexdigest()[:16]}{version}"


def _fetched(tool: str, names: tuple[str, ...], command: _Command, made: str, environment: Mapping[str, str]) -> Path:
    home = _home(tool, names)
    if not home.is_dir():
        with drafted(home, "clients for tests", lambda _: None) as draft:
            if draft is not None:
                for name in names:
                    shutil.copyfile(_PINS / name, draft / name)
                log = home.parent / f"{tool.lower()}.log"
                what, still = "clients for tests", lambda: ""
                run_tool(tool, command(draft), log, environment, what=what, progress=still, tell=lambda _: None)
                (draft / made).rename(home)
    return home
