"""The library that holds the whole of ClickHouse: npm fetches what `package-lock.json` beside this file pins, once.

Its directory is named after the hash of that file, so versions never mix. It gets this name only when it is complete.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from importlib.resources import as_file, files
from pathlib import Path

from deploy.local.fetching import Tell, cache_directory, fetch_once, npm_command, pinned_name, run_tool
from deploy.settings.variables import without_settings
from schemas.errors import ConfigurationError

_WHAT = "ClickHouse"
_PACKAGE = "@chdb/lib-linux-x64-gnu"
_FILE = "libchdb.so"
_MANIFESTS = ("package.json", "package-lock.json")


def default_cache() -> Path:
    """Where the library is kept."""
    return cache_directory("clickhouse", "server")


def version() -> str:
    """The pinned version of the package, which is ClickHouse's, e.g. 26.7.3-stable.1."""
    lock = json.loads((files("deploy.local.clickhouse_server") / "package-lock.json").read_bytes())
    return str(lock["packages"][f"node_modules/{_PACKAGE}"]["version"])


def available(cache: Path | None = None) -> str | None:
    """Whether a ClickHouse server can be started here.

    Returns:
        None if it can; else one sentence that says what is missing. npm is needed only once, to fetch the library.
    """
    if (sys.platform, platform.machine(), platform.libc_ver()[0]) != ("linux", "x86_64", "glibc"):
        return "The ClickHouse server needs Linux with glibc on x86-64; the embedded one (the default) runs here."
    if _home(cache or default_cache()).is_dir() or shutil.which("npm") is not None:
        return None
    return "The ClickHouse server is fetched with npm (on Debian: apt-get install npm): no npm is on the PATH."


def resolve(cache: Path | None = None, tell: Tell = lambda _: None) -> Path:
    """The library's file, fetched if needed. Safe to call from several processes at once.

    Args:
        cache: Where it is kept; by default `default_cache()`.
        tell: Called with a line of progress.

    Raises:
        ConfigurationError: npm is missing, or the package does not run on this machine.
        SystemFault: npm failed; its last lines are in the message.
    """
    cache = (cache or default_cache()).resolve()
    if (problem := available(cache)) is not None:
        raise ConfigurationError([problem])
    home = _home(cache)
    fetch_once(home, lambda draft: _fetch(draft, home, tell), _WHAT, tell)
    return home / _FILE


def _home(cache: Path) -> Path:
    return cache / pinned_name((files("deploy.local.clickhouse_server") / "package-lock.json").read_bytes())


def _fetch(draft: Path, home: Path, tell: Tell) -> None:
    tell("Fetching ClickHouse with npm (about 180 MB, once; 570 MB on disk)")
    for name in _MANIFESTS:
        with as_file(files("deploy.local.clickhouse_server") / name) as manifest:
            shutil.copyfile(manifest, draft / name)

    def progress() -> str:
        return f"{_size(draft) // 50_000_000 * 50} MB"

    log, environment = home.parent / "npm.log", without_settings(os.environ)
    run_tool("npm", npm_command(draft), log, environment, what=_WHAT, progress=progress, tell=tell)
    (draft / "node_modules" / _PACKAGE).rename(home)


def _size(directory: Path) -> int:
    """Bytes on disk below a directory whose files come and go."""
    total = 0
    for parent, _, names in os.walk(directory):
        for name in names:
            try:
                total += (Path(parent) / name).stat().st_size
            except OSError:
                continue  # npm has moved it meanwhile
    return total
