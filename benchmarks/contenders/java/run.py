"""Starts a Java contender: builds it if needed, and replaces this process by it.

Usage: PROGRAM BOOTSTRAP PREFIX DIRECTORY (streams rocksdb|memory | flink)
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from benchmarks.contenders.java.build import class_path
from benchmarks.contenders.java.reference import write_reference
from schemas.topics import Topic

MAIN = {"streams": "vn.hailong.bench.StreamsJoin", "flink": "vn.hailong.bench.FlinkJoin"}
_OPEN = (
    *("java.base/java.util", "java.base/java.lang", "java.base/java.time", "java.base/java.nio"),
    *("java.base/java.util.concurrent", "java.base/java.net"),
)

if __name__ == "__main__":
    bootstrap, prefix, directory, module, *options = sys.argv[1:]
    reference = Path(directory) / "reference.tsv"
    write_reference(reference)
    java = shutil.which("java")
    assert java is not None
    topics = [one.value.name(prefix) for one in (Topic.DECLARATION_STATUS, Topic.RATING, Topic.RATED_SERVICE)]
    command = [java, "-Xmx2g", "-XX:+UseParallelGC", "-Dorg.apache.avro.SERIALIZABLE_PACKAGES=vn.hailong"]
    command.append(f"-Djava.io.tmpdir={directory}")  # files of a killed process are deleted with the directory
    if module == "flink":  # the serializers of Flink need access to classes of the JDK
        command += [part for package in _OPEN for part in ("--add-opens", f"{package}=ALL-UNNAMED")]
    command += ["-cp", class_path(module), MAIN[module], bootstrap, f"{prefix}{module}", directory, str(reference)]
    os.execv(java, [*command, *topics, *options])
