"""The jars of Apache Kafka's server: Maven fetches what `deploy/local/kafka/pom.xml` pins, once.

A directory of jars is named after the hash of the pom, so versions never mix. It gets this name only when
it is complete.
"""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path

from deploy.local.fetching import Tell, cache_directory, fetch_once, maven_command, pinned_name, run_tool
from deploy.local.kafka import java
from schemas.errors import ConfigurationError

_WHAT = "Apache Kafka"


def default_cache() -> Path:
    """Where the jars are kept."""
    return cache_directory("kafka", "jars")


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
    fetch_once(home, lambda draft: _fetch(draft, home, tell), _WHAT, tell)
    return home


def _home(cache: Path) -> Path:
    return cache / pinned_name((files("deploy.local.kafka") / "pom.xml").read_bytes())


def _fetch(draft: Path, home: Path, tell: Tell) -> None:
    tell("Fetching Apache Kafka with Maven (about 45 MB, once)")
    log = home.parent / "maven.log"
    # Maven runs on a copy of the pom: in the project's directory it would look for its own settings.
    with as_file(files("deploy.local.kafka") / "pom.xml") as pom:
        shutil.copyfile(pom, draft / "pom.xml")

    def progress() -> str:
        return f"{log.read_bytes().count(b'] Downloaded from ')} files"

    run_tool("Maven", maven_command(draft), log, java.environment(), what=_WHAT, progress=progress, tell=tell)
    (draft / "jars").rename(home)
