"""Builds the contenders written in Java, once for each version of their sources."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
BUILDS = ROOT / "var" / "bench" / "java"


def class_path(module: str) -> str:
    """The class path of a module for `java -cp`; built with Maven if missing.

    Args:
        module: `streams` or `flink`.

    Raises:
        RuntimeError: Maven or Java is missing, or the build failed; with its last words.
    """
    home = BUILDS / _state()
    if not (home / "done").exists():
        _build(home)
    return ":".join([str(home / module / "classes"), str(home / module / "lib" / "*")])


def _state() -> str:
    sources = sorted(path for path in HERE.rglob("*") if path.suffix in {".java", ".xml", ".properties"})
    schemas = sorted((ROOT / "schemas" / "avro").glob("*.avsc"))
    return hashlib.blake2s(b"".join(path.read_bytes() for path in [*sources, *schemas])).hexdigest()[:12]


def _build(home: Path) -> None:
    if shutil.which("mvn") is None or shutil.which("java") is None:
        raise RuntimeError("Java 17 and Maven are needed (on Debian: apt-get install openjdk-17-jdk-headless maven)")
    shutil.rmtree(home, ignore_errors=True)
    # A copy: Maven writes beside its sources.
    copy = home / "benchmarks" / "contenders" / "java"
    shutil.copytree(HERE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "schemas" / "avro", home / "schemas" / "avro")
    command = ["mvn", "-q", "-B", "-T", "1", "package", "dependency:copy-dependencies", "-DoutputDirectory=target/lib"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the Java contenders could not be built: {done.stdout[-2000:]}")
    for module in ("streams", "flink"):
        (copy / module / "target").rename(home / module)
    (home / "done").touch()
