"""The directories of a cluster on disk: formatted once, reused by every start."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from deploy.local.kafka import java
from deploy.local.kafka.configuration import LOG4J2, Node, server_properties
from deploy.local.supervisor.child import bound_command
from schemas.errors import SystemFault

FORMAT_TIMEOUT_S = 60.0
FORMAT_HEAP_MIB = 128
BROKER_HEAP_MIB = 384


def prepare(nodes: tuple[Node, ...], jars: Path) -> None:
    """Write the settings of all brokers, and format the directories of those that are new.

    Raises:
        SystemFault: Kafka cannot format one.
    """
    for node in nodes:
        node.directory.mkdir(parents=True, exist_ok=True)
        node.properties.write_text(server_properties(node, nodes), encoding="ascii")
        node.log4j2.write_text(LOG4J2, encoding="ascii")
    new = [node for node in nodes if not _marker(node).exists()]
    cluster_id = _cluster_id(nodes[0].directory.parent) if new else ""
    _format(new, cluster_id, jars)
    for node in new:
        _marker(node).touch()


def broker_command(node: Node, jars: Path) -> list[str]:
    """The command line that starts a prepared broker."""
    return java.command(jars, "kafka.Kafka", str(node.properties), heap_mib=BROKER_HEAP_MIB, log4j2=node.log4j2)


def _marker(node: Node) -> Path:
    """Exists once formatting has finished. Without it, `data` has never been used."""
    return node.directory / "formatted"


def _cluster_id(directory: Path) -> str:
    """The id that all brokers share, created once."""
    path = directory / "cluster.id"
    if not path.exists():
        draft = path.with_suffix(".draft")
        # Starts with a letter: Kafka's tools would read a leading dash as an option.
        draft.write_text("h" + base64.urlsafe_b64encode(uuid4().bytes).decode("ascii")[1:22], encoding="ascii")
        draft.replace(path)
    return path.read_text(encoding="ascii")


def _format(nodes: Sequence[Node], cluster_id: str, jars: Path) -> None:
    """Format all in parallel: each takes Java about a second."""
    running = []
    for node in nodes:
        shutil.rmtree(node.data, ignore_errors=True)
        arguments = ("format", "--cluster-id", cluster_id, "--config", str(node.properties))
        tool = "kafka.tools.StorageTool"
        command = java.command(jars, tool, *arguments, heap_mib=FORMAT_HEAP_MIB, log4j2=node.log4j2)
        process = subprocess.Popen(  # noqa: S603 our own command; no shell reads it
            bound_command(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(java.environment()),
        )
        running.append((node, process))
    for node, process in running:
        try:
            output, _ = process.communicate(timeout=FORMAT_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
        if process.returncode != 0:
            raise SystemFault(f"Kafka cannot format {node.data}:\n{output.decode('utf-8', errors='replace').strip()}")
