"""Reports the progress of consumer groups, in a process of its own that is asked by lines of JSON (`faults.progress`).

librdkafka's admin requests can abort the process when a broker dies (an assertion on a reference count), so they run
where that does no harm. An observer that gets no answer ends; the next question starts another.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka import ConsumerGroupState, ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # its stubs forget re-exports

TIMEOUT_S = 5.0
Offsets = list[tuple[str, int, int]]
"""(topic, partition, offset)."""


class Observer:
    """Asks the cluster.

    Args:
        settings: How to reach it.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._admin = AdminClient({**settings, "log_level": 0})
        self._partitions: list[TopicPartition] = []

    def ends(self, topics: Sequence[str]) -> Offsets:
        """Current end offsets of all partitions of topics."""
        if not self._partitions:
            known = self._admin.list_topics(timeout=TIMEOUT_S).topics
            self._partitions = [TopicPartition(name, number) for name in topics for number in known[name].partitions]
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # as above
        asked = self._admin.list_offsets(dict.fromkeys(self._partitions, latest), request_timeout=TIMEOUT_S)
        return [(one.topic, one.partition, answer.result(TIMEOUT_S).offset) for one, answer in asked.items()]

    def committed(self, group: str) -> Offsets:
        """What a group has committed."""
        asked = self._admin.list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(group)], request_timeout=TIMEOUT_S
        )
        found: Any = asked[group].result(TIMEOUT_S)
        return [(one.topic, one.partition, one.offset) for one in found.topic_partitions]

    def members(self, group: str) -> int | None:
        """How many members a settled group has; None while it rebalances."""
        found = self._admin.describe_consumer_groups([group], request_timeout=TIMEOUT_S)[group].result(TIMEOUT_S)
        return len(found.members) if found.state == ConsumerGroupState.STABLE else None


def main() -> None:
    """`observer.py SETTINGS`, as JSON."""
    observer = Observer(json.loads(sys.argv[1]))
    for line in sys.stdin:
        question, argument = json.loads(line)
        try:
            answer = getattr(observer, question)(argument)
        except (KafkaException, TimeoutError, KeyError) as error:
            sys.stdout.write(json.dumps({"error": f"{type(error).__name__} {error}"}) + "\n")
            sys.stdout.flush()
            os._exit(1)
        sys.stdout.write(json.dumps({"answer": answer}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
