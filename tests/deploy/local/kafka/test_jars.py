from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.kafka_cluster import KafkaCluster
from support.polling import DEADLINE_S

from deploy.local.kafka import java
from deploy.local.kafka.jars import available, default_cache, resolve
from schemas.errors import ConfigurationError, SystemFault

SLOW_MAVEN = """#!/bin/sh
echo "[INFO] Downloaded from somewhere: a.jar"
for argument in "$@"; do
  case "$argument" in -DoutputDirectory=*) directory="${argument#-DoutputDirectory=}" ;; esac
done
mkdir "$directory"
: > "$directory/a.jar"
echo called >> "$CALLS"
sleep 0.5
"""


def a_program(directory: Path, name: str, text: str) -> None:
    """An executable file."""
    directory.mkdir(exist_ok=True)
    path = directory / name
    path.write_text(text)
    path.chmod(0o700)


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A PATH on which there is the system's shell and what the test puts there, but neither Java nor Maven."""
    directory = tmp_path / "bin"
    directory.mkdir()
    for name in ("sh", "mkdir", "sleep"):
        (directory / name).symlink_to(Path("/bin") / name)
    monkeypatch.setenv("PATH", str(directory))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    java._version.cache_clear()
    return directory


@pytest.fixture
def with_java(path: Path) -> Path:
    """The same with a program that says what Java 21 says."""
    a_program(path, "java", "#!/bin/sh\necho 'openjdk version \"21.0.2\" 2024-01-16' >&2\n")
    return path


@pytest.mark.usefixtures("path")
def test_without_java_the_message_says_what_to_install(tmp_path: Path) -> None:
    """Nobody has to understand a stack trace to find out that Java is missing."""
    with pytest.raises(ConfigurationError, match=r"needs Java 17 or newer .*openjdk-17.* no java is on the PATH"):
        KafkaCluster(tmp_path / "kafka").__enter__()


@pytest.mark.parametrize(("said", "version"), [('"1.8.0_402"', "8"), ('"11.0.22"', "11")])
def test_an_old_java_is_named_with_its_version(path: Path, said: str, version: str) -> None:
    """Java 8 and 11 start, and would end with a class version error."""
    a_program(path, "java", f"#!/bin/sh\necho 'openjdk version {said} 2024-01-16' >&2\n")
    assert available() == f"{java.HOW_TO}: {path / 'java'} is version {version}."


def test_maven_is_missed_only_while_there_are_no_jars(with_java: Path, tmp_path: Path) -> None:
    """A machine without Maven can be given the jars of another."""
    assert "no mvn is on the PATH" in (available(tmp_path) or "")
    a_program(with_java, "mvn", SLOW_MAVEN.replace("$CALLS", "/dev/null"))
    home = resolve(tmp_path)
    (with_java / "mvn").unlink()
    assert available(tmp_path) is None
    assert resolve(tmp_path) == home


def test_several_processes_fetch_once(with_java: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that need Kafka at the same moment do not fetch twice, and neither sees a half directory."""
    calls, cache = tmp_path / "calls", tmp_path / "cache"
    monkeypatch.setenv("CALLS", str(calls))
    a_program(with_java, "mvn", SLOW_MAVEN)
    code = (
        "import sys; from pathlib import Path; from deploy.local.kafka.jars import resolve; "
        "print(*resolve(Path(sys.argv[1])).iterdir())"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(cache)], stdout=subprocess.PIPE, text=True, env=os.environ)
        for _ in range(2)
    ]
    listed = [process.communicate(timeout=DEADLINE_S)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert listed[0] == listed[1]
    assert listed[0].strip().endswith("a.jar")
    assert calls.read_text() == "called\n"


def test_a_failed_fetch_leaves_nothing_and_shows_what_maven_said(with_java: Path, tmp_path: Path) -> None:
    """The next start tries again, and the user reads Maven's own words."""
    a_program(with_java, "mvn", "#!/bin/sh\necho '[ERROR] Unknown host'\nexit 1\n")
    told: list[str] = []
    with pytest.raises(SystemFault, match=r"status 1\)\. Its last lines:\n  \| \[ERROR\] Unknown host"):
        resolve(tmp_path / "cache", told.append)
    assert sorted(entry.name for entry in (tmp_path / "cache").iterdir()) == [".lock", "maven.log"]
    assert told == ["Fetching Apache Kafka with Maven (about 45 MB, once)"]


def test_the_jars_of_a_clone_stay_in_the_clone() -> None:
    """`make clean` removes them with everything else."""
    assert default_cache() == Path(__file__).parents[4] / "var" / "kafka" / "jars"
