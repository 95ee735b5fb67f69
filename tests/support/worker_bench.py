"""Workers under test: topics under a prefix of their own, and worker processes with small stages."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from schemas.codec.record import decoder
from schemas.kafka.connection import KafkaConnection
from schemas.topics import Topic
from support.polling import DEADLINE_S

PROGRAM = Path(__file__).with_name("worker_stages.py")


@dataclass
class WorkerBench:
    """A running broker with topics under a prefix of their own, and the workers that read them."""

    connection: KafkaConnection
    admin: AdminClient
    producer: Producer
    directory: Path
    readers: dict[Topic, tuple[Consumer, dict[int, int], list[bytes]]] = field(default_factory=dict)
    logs: dict[int, Path] = field(default_factory=dict)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def name(self, topic: Topic) -> str:
        """Full name of a topic."""
        return topic.value.name(self.connection.topic_prefix)

    def create(self, partitions: int = 4, **different: int) -> None:
        """Create all topics; some with another partition count."""
        for topic in Topic:
            self.create_one(topic, different.get(topic.name, partitions))

    def create_one(self, topic: Topic, partitions: int) -> None:
        """Create one topic."""
        spec = topic.value
        new = NewTopic(self.name(topic), spec.partitions or partitions, 1, config=spec.config)
        self.admin.create_topics([new])[self.name(topic)].result()

    def produce(
        self, topic: Topic, records: Sequence[tuple[bytes | None, bytes]], partition: int | None = None
    ) -> None:
        """Produce keys and values and wait for them."""
        for key, value in records:
            where: dict[str, Any] = {} if partition is None else {"partition": partition}
            self.producer.produce(self.name(topic), value=value, key=key, **where)
            self.producer.poll(0)
        assert self.producer.flush(DEADLINE_S) == 0

    def read(self, topic: Topic) -> list[dict[str, Any]]:
        """All records of a topic, decoded."""
        decode = decoder(topic.subject)
        return [decode(value) for value in self.values(topic)]

    def count(self, topic: Topic) -> int:
        """How many records a topic holds."""
        return len(self.values(topic))

    def values(self, topic: Topic) -> list[bytes]:
        """All values of a topic so far."""
        # By reading: the embedded broker reports a wrong end offset (first record of the last batch, plus one).
        if topic not in self.readers:
            settings = {**self.connection.consumer_config(f"test-{uuid4()}"), "enable.partition.eof": True}
            reader = Consumer({**settings, "fetch.wait.max.ms": 20})
            partitions = reader.list_topics(self.name(topic), timeout=DEADLINE_S).topics[self.name(topic)].partitions
            self.readers[topic] = (reader, dict.fromkeys(partitions, 0), [])
        reader, positions, values = self.readers[topic]
        ends = {}
        for one in positions:
            place = TopicPartition(self.name(topic), one)
            ends[one] = reader.get_watermark_offsets(place, timeout=DEADLINE_S)[1]
        # After each assignment every partition reports its end once.
        reader.assign([TopicPartition(self.name(topic), partition, at) for partition, at in positions.items()])
        open_ends, began = set(positions), time.monotonic()
        while open_ends:
            assert time.monotonic() < began + DEADLINE_S, f"{topic.subject} has no end"
            if time.monotonic() > began + 2:
                # A topic that is written to without pause may never report it: the first ends are enough.
                open_ends -= {one for one in open_ends if positions[one] >= ends[one]}
            for message in reader.consume(10_000, timeout=0.05):
                partition, offset, error = message.partition(), message.offset(), message.error()
                assert partition is not None
                if error is None and offset is not None:
                    positions[partition] = offset + 1
                    values.append(message.value() or b"")
                else:
                    assert error is not None
                    assert error.code() == KafkaError._PARTITION_EOF, error
                    open_ends.discard(partition)
        return list(values)

    def committed(self, group: str, topic: Topic) -> dict[int, int]:
        """Committed offsets of a group by partition."""
        request = ConsumerGroupTopicPartitions(group)
        result = self.admin.list_consumer_group_offsets([request])[group].result()
        return {
            tp.partition: tp.offset for tp in result.topic_partitions if tp.topic == self.name(topic) and tp.offset >= 0
        }

    def says(self, process: subprocess.Popen[bytes], words: str) -> int:
        """How often a worker's log holds some words."""
        return self.logs[process.pid].read_text().count(words)

    def commit(self, group: str, topic: Topic, partition: int, offset: int) -> None:
        """Commit an offset as a worker does after everything before it."""
        consumer = Consumer(self.connection.consumer_config(group))
        consumer.commit(offsets=[TopicPartition(self.name(topic), partition, offset)], asynchronous=False)
        consumer.close()

    def worker(self, stage: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker process with one of the stages of `worker_stages.py`."""
        command = [sys.executable, str(PROGRAM), self.connection.bootstrap_servers, self.connection.topic_prefix, stage]
        log = self.directory / f"worker-{len(self.workers)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                command, env={**os.environ, **environment}, cwd=PROGRAM.parents[2], stdout=out, stderr=subprocess.STDOUT
            )
        self.logs[process.pid] = log
        self.workers.append(process)
        return process

    def stop(self, process: subprocess.Popen[bytes], seconds: float = 15) -> int:
        """SIGTERM; the exit status."""
        process.send_signal(signal.SIGTERM)
        return process.wait(seconds)
