"""Progress of the consumer groups, without joining any of them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from deploy.local.supervisor.child import bound_command
from processors.stages.catalogue import STAGES
from schemas.errors import Unavailable
from schemas.kafka.connection import KafkaConnection
from schemas.topics import STORED, Topic

Ends = Mapping[tuple[str, int], int]
"""Offset after the last record of each partition."""


class Progress:
    """Looks at the groups of one deployment from outside.

    Args:
        connection: The cluster.
        groups: Consumer groups and what they read.
    """

    def __init__(self, connection: KafkaConnection, groups: Mapping[str, Sequence[Topic]]) -> None:
        self._names = {
            group: frozenset(topic.value.name(connection.topic_prefix) for topic in topics)
            for group, topics in groups.items()
        }
        program, settings = Path(__file__).with_name("observer.py"), json.dumps(dict(connection.client_config()))
        self._command = bound_command([sys.executable, str(program), settings])
        self._observer: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        """Nothing yet: the first question starts the observer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the observer."""
        self._end()

    def ends(self) -> Ends:
        """Current end offsets of everything that any group reads.

        Raises:
            Unavailable: The cluster does not answer.
        """
        wanted = sorted({name for names in self._names.values() for name in names})
        return {(topic, partition): offset for topic, partition, offset in self._ask("ends", wanted)}

    def behind(self, ends: Ends) -> int:
        """How many records before these ends are not committed, over all groups.

        Raises:
            Unavailable: The cluster does not answer.
        """
        missing = 0
        for group, names in self._names.items():
            done = {(topic, partition): offset for topic, partition, offset in self._ask("committed", group)}
            read = {place: end for place, end in ends.items() if place[0] in names}
            missing += sum(max(0, end - max(0, done.get(place, 0))) for place, end in read.items())
        return missing

    def members(self, group: str) -> int | None:
        """Number of members of a stable group; None while it rebalances.

        Raises:
            Unavailable: The cluster does not answer.
        """
        found: int | None = self._ask("members", group)
        return found

    def _ask(self, question: str, argument: Any) -> Any:
        if self._observer is None:
            self._observer = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
        assert self._observer.stdin is not None
        assert self._observer.stdout is not None
        try:
            self._observer.stdin.write(json.dumps([question, argument]) + "\n")
            self._observer.stdin.flush()
            line = self._observer.stdout.readline()
        except BrokenPipeError:
            line = ""
        found = json.loads(line) if line.endswith("\n") else {"error": "the observer ended"}
        if "error" in found:
            self._end()
            raise Unavailable(f"Kafka does not say how far its groups are: {found['error']}")
        return found["answer"]

    def _end(self) -> None:
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.kill()
            observer.communicate()


def groups_of(group_prefix: str, sink_group: str) -> Mapping[str, Sequence[Topic]]:
    """The groups of the stages and of the sink."""
    stages = {f"{group_prefix}{stage.name}": stage.inputs for stage in STAGES}
    return {**stages, sink_group: STORED}
