"""The cost of one status event in a Faust worker: one Faust event per record, compared with the batched transport.

    .venv/bin/python benchmarks/transport.py

Both read the same topic of an embedded broker that this script starts, each in its own process:

* plain: a Faust agent on the standard aiokafka driver, one event per record, each decoded by fastavro
* hailong: `processors.worker` with the stage `join`: columns are decoded and validated, every status is stored

CPU seconds and events per second count from the first record to the last. Result: var/bench/transport.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import faust
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from benchmarks.producing import produce
from deploy.local.ports import free_port
from deploy.local.tansu import broker_command
from processors.domain.join.policy import JoinPolicy
from processors.stages.join import JoinStage
from processors.stages.reference_policies import reference_context
from processors.stages.stage import Absorbed, Output, PartitionState
from processors.worker.options import WorkerOptions
from processors.worker.worker import Worker
from schemas.batches.batch import Batch
from schemas.codec.record import decoder, encoder
from schemas.errors import Unavailable
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_metadata import describe_names
from schemas.keys import declaration_key
from schemas.records.events import DeclarationStatus
from schemas.topics import Topic

RECORDS = {"plain": 60_000, "hailong": 1_000_000}
PARTITIONS = 4
TARGET = 10.0
RESULT = Path(__file__).resolve().parents[1] / "var" / "bench" / "transport.json"


class Tally:
    """Counts records and prints the measurement after the last one."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._count = 0
        self._cpu = 0.0
        self._first = 0.0

    def begin(self) -> None:
        """Start the measurement at the first record."""
        if not self._first:
            self._first, self._cpu = time.perf_counter(), time.process_time()

    def add(self, count: int) -> None:
        """Count processed records."""
        self._count += count
        if self._count >= self._wanted:
            seconds, cpu = time.perf_counter() - self._first, time.process_time() - self._cpu
            print(json.dumps({"records": self._count, "seconds": seconds, "cpu_seconds": cpu}), flush=True)
            os._exit(0)  # the measurement is over, skip the shutdown


class CountingState:
    """The state of the stage `join`, which counts its records."""

    def __init__(self, state: PartitionState, tally: Tally) -> None:
        self._state = state
        self._tally = tally

    def absorb(self, batch: Batch) -> Absorbed:
        """Absorb a batch, then count it."""
        self._tally.begin()
        absorbed = self._state.absorb(batch)
        assert not absorbed.rejects
        self._tally.add(len(batch))
        return absorbed

    def advance(self, now: int) -> Sequence[Output]:
        """Advance the state."""
        return self._state.advance(now)


class Counting:
    """The stage `join`, which counts its records."""

    name = "bench"
    inputs = (Topic.DECLARATION_STATUS, Topic.RATING)

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._join = JoinStage(JoinPolicy(), reference_context())

    def new_state(self, partition: int) -> CountingState:
        """A state that counts its records."""
        return CountingState(self._join.new_state(partition), self._tally)


def run_hailong(connection: KafkaConnection) -> None:
    """Measure the batched worker."""
    stage = Counting(Tally(RECORDS["hailong"]))
    Worker(connection, [stage], WorkerOptions(idle_advance_s=0), lambda: time.time_ns() // 1_000_000).run()


def run_plain(connection: KafkaConnection) -> None:
    """Measure a plain Faust agent."""
    tally = Tally(RECORDS["plain"])
    decode = decoder(Topic.DECLARATION_STATUS.subject)
    app = faust.App(
        "bench-plain",
        broker=f"aiokafka://{connection.bootstrap_servers}",
        web_enabled=False,
        topic_disable_leader=True,
        broker_session_timeout=6.0,
        broker_heartbeat_interval=2.0,
        datadir=tempfile.mkdtemp(prefix="hailong-bench-"),
    )
    name = Topic.DECLARATION_STATUS.value.name(connection.topic_prefix)

    async def count(stream: Any) -> None:
        async for value in stream:
            tally.begin()
            decode(value)
            tally.add(1)

    app.agent(app.topic(name, value_serializer="raw", key_serializer="raw"))(count)
    faust.Worker(app, loglevel="ERROR", redirect_stdouts=False).execute_from_commandline()


SIDES = {"plain": run_plain, "hailong": run_hailong}


def fill(connection: KafkaConnection) -> None:
    """Create the topics and produce the events."""
    admin, wanted = (
        AdminClient(dict(connection.client_config())),
        (Topic.DECLARATION_STATUS, Topic.RATING, Topic.RATED_SERVICE, Topic.DEAD_LETTER),
    )
    names = {topic.value.name(connection.topic_prefix): topic for topic in wanted}
    topics = [NewTopic(name, PARTITIONS, 1, config=topic.value.config) for name, topic in names.items()]
    for future in admin.create_topics(topics).values():
        future.result()
    producer, encode = Producer(connection.producer_config()), encoder(Topic.DECLARATION_STATUS.subject)
    name = Topic.DECLARATION_STATUS.value.name(connection.topic_prefix)
    for number in range(max(RECORDS.values())):
        key, value = event(number, encode)
        produce(producer, name, key, value)
        producer.poll(0)
    assert producer.flush(60) == 0


def event(number: int, encode: Any) -> tuple[bytes, bytes]:
    """Key and value of one event."""
    declaration_no = f"{30_000_000_000 + number // 8:011d}0"
    record = DeclarationStatus(
        event_id=f"{number:032x}",
        declaration_no=declaration_no,
        status="REGISTERED",
        occurred_at=1_585_700_000_000 + number,
        office="03CC",
        team="01",
        step="REGISTRATION",
        channel="GREEN",
        kind="E11",
        tax_code=f"{number % 5000:010d}",
        source_message="VAD1AC",
    )
    return declaration_key(declaration_no), encode(record.to_avro())


def measure(mode: str, connection: KafkaConnection) -> dict[str, float]:
    """Run one side in its own process."""
    command = [sys.executable, __file__, "--side", mode, connection.bootstrap_servers, connection.topic_prefix]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=300)
    found = json.loads(next(line for line in done.stdout.splitlines() if line.startswith(b'{"records"')))
    million = found["records"] / 1_000_000
    return {
        "records": found["records"],
        "events_per_second": round(found["records"] / found["seconds"]),
        "cpu_seconds_per_million": round(found["cpu_seconds"] / million, 3),
    }


def main() -> int:
    """Start a broker, measure both sides, print and store the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", nargs=3, help=argparse.SUPPRESS)
    if side := parser.parse_args().side:
        mode, servers, prefix = side
        SIDES[mode](KafkaConnection(servers, topic_prefix=prefix, session_timeout_ms=6_000))
        return 0
    address = f"127.0.0.1:{free_port()}"
    connection = KafkaConnection(address, topic_prefix=f"bench-{uuid4().hex[:6]}.", session_timeout_ms=6_000)
    with tempfile.TemporaryDirectory() as directory:
        broker = subprocess.Popen(broker_command(address, Path(directory)), stdout=subprocess.DEVNULL)
        try:
            wait_for(connection)
            fill(connection)
            sides = {mode: measure(mode, connection) for mode in RECORDS}
        finally:
            broker.kill()
            broker.wait()
    ratio = sides["plain"]["cpu_seconds_per_million"] / sides["hailong"]["cpu_seconds_per_million"]
    report = {**sides, "cpu_ratio": round(ratio, 1), "target": TARGET, "reached": ratio >= TARGET}
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    return 0 if ratio >= TARGET else 1


def wait_for(connection: KafkaConnection) -> None:
    """Until the broker answers."""
    deadline = time.monotonic() + 10
    while True:
        try:
            describe_names(connection, [], 1.0)
        except Unavailable:
            if time.monotonic() > deadline:
                raise
        else:
            return


if __name__ == "__main__":
    sys.exit(main())
