"""The Java that runs Apache Kafka."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from deploy.settings.variables import without_settings

OLDEST = 17
"""Brokers of Kafka 4 need it: https://kafka.apache.org/documentation/#java."""

HOW_TO = "Apache Kafka needs Java 17 or newer (on Debian: apt-get install openjdk-17-jre-headless)"

_FAST_START = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Djava.awt.headless=true")
"""One garbage-collector thread and only the fast compiler: a broker starts in half the time and leaves cores free."""


def missing() -> str | None:
    """What to do so that Java can be used, in one sentence; None if it can be used already."""
    path = executable()
    if path is None:
        return f"{HOW_TO}: no java is on the PATH, and JAVA_HOME does not name one."
    version = _version(path)
    if version is None:
        return f"{HOW_TO}: {path} does not print its version."
    return f"{HOW_TO}: {path} is version {version}." if version < OLDEST else None


def executable() -> Path | None:
    """The `java` of JAVA_HOME, else of the PATH."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else None
    found = found or shutil.which("java")
    return None if found is None else Path(found)


def command(jars: Path, main_class: str, *arguments: str, heap_mib: int, log4j2: Path) -> list[str]:
    """The command line that runs a class of Kafka, with a heap limit and a logging configuration."""
    java = executable()
    assert java is not None  # callers check `missing` first
    options = (f"-Xmx{heap_mib}m", *_FAST_START, f"-Dlog4j2.configurationFile={log4j2}")
    return [str(java), *options, "-cp", f"{jars}/*", main_class, *arguments]


def environment() -> Mapping[str, str]:
    """The environment of Java: without our settings, and with file names in UTF-8."""
    return {**without_settings(os.environ), "LC_ALL": "C.UTF-8"}


@cache
def _version(java: Path) -> int | None:
    """The major version, e.g. 17; None if `java -version` does not print one."""
    try:
        printed = subprocess.run(  # noqa: S603 the user's own java; no shell reads it
            [java, "-version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', printed.stderr + printed.stdout)
    return None if found is None else int(found[1])
