"""The jars of Apache Kafka's server: Maven fetches what `deploy/local/kafka/pom.xml` pins, once.

A directory of jars is named after the hash of the pom, so versions never mix. It gets this name only when
it is complete.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

from deploy.local.kafka import java
from deploy.local.supervisor.child import bound_command
from schemas.errors import ConfigurationError, SystemFault

TIMEOUT_S = 900.0
"""For Maven; enough for 80 MB over a slow network."""

Tell = Callable[[str], None]

_PROJECT = Path(__file__).resolve().parents[3]
_POLL_S = 0.2
_LAST_LINES = 8


def default_cache() -> Path:
    """Where the jars are kept: `var/kafka/jars` of a clone, else the user's cache directory."""
    if (_PROJECT / "pyproject.toml").is_file():
        return _PROJECT / "var" / "kafka" / "jars"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hailong" / "kafka-jars"


def available(cache: Path | None = None) -> str | None:
    """Whether Apache Kafka can be started here.

    Returns:
        None if it can; else one sentence that says what is missing. Maven is needed only once, to fetch the jars.
    """
    if (problem := java.missing()) is not None:
        return problem
    if _home(cache or default_cache()).is_dir() or shutil.which("mvn") is not None:
        return None
    return "Apache Kafka is fetched with Maven (on Debian: apt-get install maven): no mvn is on the PATH."


def resolve(cache: Path | None = None, tell: Tell = lambda _: None) -> Path:
    """The directory of the jars, fetched if needed. Safe to call from several processes at once.

    Args:
        cache: Where jars are kept; by default `default_cache()`.
        tell: Called with a line of progress.

    Raises:
        ConfigurationError: Java or Maven is missing.
        SystemFault: Maven failed; its last lines are in the message.
    """
    cache = (cache or default_cache()).resolve()
    if (problem := available(cache)) is not None:
        raise ConfigurationError([problem])
    home = _home(cache)
    if home.is_dir():
        return home
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache / ".lock", tell):
        if not home.is_dir():
            _fetch(home, tell)
    return home


def _home(cache: Path) -> Path:
    pom = (files("deploy.local.kafka") / "pom.xml").read_bytes()
    return cache / hashlib.sha256(pom).hexdigest()[:16]


@contextmanager
def _locked(path: Path, tell: Tell) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("Another process fetches Apache Kafka; waiting for it")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _fetch(home: Path, tell: Tell) -> None:
    tell("Fetching Apache Kafka with Maven (about 45 MB, once)")
    draft = Path(tempfile.mkdtemp(prefix=".fetching-", dir=home.parent))
    log = home.parent / "maven.log"
    try:
        # Maven runs on a copy of the pom: in the project's directory it would look for its own settings.
        with as_file(files("deploy.local.kafka") / "pom.xml") as pom:
            shutil.copyfile(pom, draft / "pom.xml")
        command = [
            *("mvn", "--batch-mode", "--strict-checksums", "--file", str(draft / "pom.xml")),
            *("dependency:copy-dependencies", f"-DoutputDirectory={draft / 'jars'}"),
        ]
        status = _run_maven(command, log, tell)
        if status != 0:
            raise SystemFault(f"Maven could not fetch Apache Kafka (status {status}). Its last lines:\n{_tail(log)}")
        # If this process dies before the rename, the next one fetches again: a partial directory is never used.
        (draft / "jars").rename(home)
    finally:
        shutil.rmtree(draft)


def _run_maven(command: list[str], log: Path, tell: Tell) -> int:
    """Run Maven, telling how many files it has downloaded; returns its exit status."""
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 our own command; no shell reads it
            bound_command(command), stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=dict(java.environment())
        )
    deadline, told = time.monotonic() + TIMEOUT_S, 0
    try:
        while process.poll() is None:
            if time.monotonic() > deadline:
                raise SystemFault(f"Maven did not fetch Apache Kafka in {TIMEOUT_S:.0f} s; see {log}")
            count = log.read_bytes().count(b"] Downloaded from ")
            if count > told:
                told = count
                tell(f"Fetching Apache Kafka with Maven: {count} files so far")
            time.sleep(_POLL_S)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    return process.returncode


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(f"  | {line}" for line in lines[-_LAST_LINES:])
