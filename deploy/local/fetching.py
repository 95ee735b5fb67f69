"""What local servers need from outside of Python: fetched once by the tool of its package registry, then kept."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.local.supervisor.child import bound_command
from schemas.errors import SystemFault

TIMEOUT_S = 900.0
"""For one fetch; enough for 200 MB over a slow network."""

Tell = Callable[[str], None]
"""Is called with a line of progress."""

_PROJECT = Path(__file__).resolve().parents[2]
_POLL_S = 0.2
_LAST_LINES = 8


def cache_directory(*names: str) -> Path:
    """Where fetched files are kept: `var/NAMES` of a clone, else `hailong/NAMES` of the user's cache directory."""
    if (_PROJECT / "pyproject.toml").is_file():
        return _PROJECT.joinpath("var", *names)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hailong" / "-".join(names)


def pinned_name(*pins: bytes) -> str:
    """The name of a directory for what these manifests pin, so that versions never mix."""
    return hashlib.sha256(b"".join(pins)).hexdigest()[:16]


def fetch_once(home: Path, fetch: Callable[[Path], None], what: str, tell: Tell) -> None:
    """Make a directory unless it is there; one process at a time.

    If the process dies before, the next one fetches again: a partial directory is never used.

    Args:
        home: The directory.
        fetch: Is called with a new, empty directory, and renames what is complete to `home`.
        what: What is fetched, in messages.
        tell: Called with a line of progress.
    """
    if home.is_dir():
        return
    home.parent.mkdir(parents=True, exist_ok=True)
    with _locked(home.parent / ".lock", what, tell):
        if home.is_dir():
            return
        draft = Path(tempfile.mkdtemp(prefix=".fetching-", dir=home.parent))
        try:
            fetch(draft)
        finally:
            shutil.rmtree(draft)


def npm_command(directory: Path) -> list[str]:
    """Makes `node_modules` out of the `package-lock.json` in a directory.

    `ci` installs exactly what the lock says and compares its SHA-512. Nothing of npm stays elsewhere: no cache in the
    home directory, and no script of a package runs.
    """
    return [
        *("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"),
        *("--prefix", str(directory), "--cache", str(directory / "cache")),
    ]


def maven_command(directory: Path) -> list[str]:
    """Makes `jars` out of the `pom.xml` in a directory."""
    return [
        *("mvn", "--batch-mode", "--strict-checksums", "--file", str(directory / "pom.xml")),
        *("dependency:copy-dependencies", f"-DoutputDirectory={directory / 'jars'}"),
    ]


def run_tool(
    tool: str,
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str],
    *,
    what: str,
    progress: Callable[[], str],
    tell: Tell,
) -> None:
    """Run a tool that fetches, and wait for it.

    Args:
        tool: Its name in messages.
        command: Its command line.
        log: File for what it prints.
        environment: All its variables.
        what: What it fetches, in messages.
        progress: How far it is, such as "12 files"; told whenever it changes.
        tell: Called with a line of progress.

    Raises:
        SystemFault: It failed, and its last lines are in the message; or it took too long.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 our own command; no shell reads it
            bound_command(command), stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=dict(environment)
        )
    deadline, told = time.monotonic() + TIMEOUT_S, progress()
    try:
        while process.poll() is None:
            if time.monotonic() > deadline:
                raise SystemFault(f"{tool} did not fetch {what} in {TIMEOUT_S:.0f} s; see {log}")
            if (now := progress()) != told:
                told = now
                tell(f"Fetching {what} with {tool}: {now} so far")
            time.sleep(_POLL_S)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.returncode != 0:
        last = f"Its last lines:\n{_tail(log)}"
        raise SystemFault(f"{tool} could not fetch {what} (status {process.returncode}). {last}")


@contextmanager
def _locked(path: Path, what: str, tell: Tell) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell(f"Another process fetches {what}; waiting for it")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(f"  | {line}" for line in lines[-_LAST_LINES:])
