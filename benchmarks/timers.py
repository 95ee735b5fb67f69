"""Whether complaint timers fire exactly once and in time, with 100,000 open cases and kills of the worker.

    .venv/bin/python benchmarks/timers.py [--cases 100000] [--days 5] [--seconds 240] [--kills 3]

Uses an embedded broker that this script starts. Complaints are opened over four working days; then a real worker runs
with a fast clock, so that `--days` days pass in `--seconds`. It is killed with SIGKILL while timers fire, and started
again with the same clock. Then the events in Kafka are compared with a replay of each case without worker or timers:
`missed` events are not in Kafka, `doubled` events are there more than once, `invented` ones should not be there.
`late_s` is the wall-clock time from the due time of an event until it was in Kafka. `late_calm_s` is the same for
events that were not due near a kill; after a kill the group waits until the session of the dead member ends.

`tick`: the cost of one call of `advance` in the worker's thread with that many open cases: when nothing is due, and
when timers fire (with encoding).

Result: var/bench/timers.json.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from confluent_kafka import Producer
from rich.console import Console
from support.embedded_broker import EmbeddedBroker

from benchmarks.producing import produce
from deploy.admin.topics import ensure_topics
from deploy.observability import configure_logs
from processors.domain.cases.replay import replay_case
from processors.stages.complaints import ComplaintStage
from processors.stages.reference_policies import reference_policies
from processors.stages.stage import Output
from processors.worker.options import WorkerOptions
from processors.worker.tuning.gc_tuning import keep_gc_pauses_short, records_replaced
from processors.worker.worker import Worker
from schemas.batches.batch import RawBatch
from schemas.codec.record import decoder, record_encoder
from schemas.ids import complaint_id
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_reader import read_topic
from schemas.records.cases import CaseEventKind
from schemas.records.complaints import Complaint
from schemas.reference.calendar import load_calendar
from schemas.topics import Topic

RESULT = Path(__file__).resolve().parents[1] / "var" / "bench" / "timers.json"
OFFICES = ("03CC", "03CE", "03TG", "03EE", "03NK", "03PA", "03PJ", "03PL", "03CD")
START = 1_790_038_800_000
"""Tuesday 22 September 2026, 08:00 local: the fast clock starts here."""
DAY_MS = 86_400_000
SESSION_TIMEOUT_MS = 6_000
DISTURBED_S = 20.0
"""Events due within this time before or after a kill may be late because of it."""
TIMED = frozenset({CaseEventKind.REMINDER, CaseEventKind.OVERDUE, CaseEventKind.ESCALATED})


@dataclass(frozen=True)
class SpedUp:
    """A clock that shows START until a wall-clock time, and then runs faster.

    Attributes:
        begins: Wall-clock time in seconds at which it starts to run.
        speed: Simulated milliseconds per wall-clock millisecond.
        until: Simulated time at which it stops, epoch milliseconds.
    """

    begins: float
    speed: float
    until: int

    def __call__(self) -> int:
        """The simulated time now."""
        return min(self.until, START + max(0, round((time.time() - self.begins) * 1000 * self.speed)))

    def wall(self, at: int) -> float:
        """Wall-clock time in seconds at which this clock shows a simulated time."""
        return self.begins + max(0, at - START) / 1000 / self.speed


def complaints(count: int) -> Iterator[Complaint]:
    """Complaints opened in working time on the four working days before START; none is overdue yet."""
    draw, calendar = random.Random(5), load_calendar()
    days = [day for back in range(1, 40) if calendar.is_working_day(day := START - back * DAY_MS)][:4]
    for number in range(count):
        opened = draw.choice(days) + draw.randrange(0, 3 * 3_600_000)
        declaration, sheet, office = f"{10_300_000_000 + number}", f"s{number}", draw.choice(OFFICES)
        yield Complaint(
            complaint_id=complaint_id(declaration, sheet, office),
            version=1,
            sheet_id=sheet,
            office=office,
            declaration_no=f"{declaration}0",
            tax_code=None,
            track="FEEDBACK",
            state="OPENED",
            opened_at=opened,
            first_deadline_at=opened,
            first_deadline_rule="FIRST_LOOK",
            resolve_deadline_at=opened,
            resolve_deadline_rule="RESOLVE",
            lowest_score=1,
            low_items=(),
            excluded_officials=(),
            has_comment=False,
            has_contact=False,
            changed_at=opened,
        )


def publish(connection: KafkaConnection, records: Iterable[Complaint]) -> None:
    """Publish complaints as the stage `assessment` does."""
    producer, encode = Producer(connection.producer_config()), record_encoder(Topic.COMPLAINT.subject)
    name = Topic.COMPLAINT.value.name(connection.topic_prefix)
    for one in records:
        produce(producer, name, one.complaint_id.encode(), encode(one))
    assert producer.flush(120) == 0


def serve(bootstrap: str, begins: float, speed: float, until: int) -> int:
    """The worker process: product code with a fast clock."""
    configure_logs("warning")
    keep_gc_pauses_short()
    stage = ComplaintStage(reference_policies().cases)
    options = WorkerOptions(idle_advance_s=1.0)
    return Worker(
        KafkaConnection(bootstrap, topic_prefix="timers.", session_timeout_ms=SESSION_TIMEOUT_MS),
        [stage],
        options,
        SpedUp(begins, speed, until),
    ).run()


def start(bootstrap: str, clock: SpedUp) -> subprocess.Popen[bytes]:
    """Start the worker."""
    numbers = map(repr, (clock.begins, clock.speed, clock.until))
    return subprocess.Popen([sys.executable, __file__, "--serve", bootstrap, *numbers])


def events(connection: KafkaConnection) -> Iterator[tuple[dict[str, Any], float]]:
    """Every event in Kafka, with the wall-clock time at which it was written."""
    decode = decoder(Topic.COMPLAINT_EVENT.subject)
    for message in read_topic(connection, Topic.COMPLAINT_EVENT):
        yield decode(message.value()), message.timestamp()[1] / 1000


def run(cases: int, days: float, seconds: float, kills: int, console: Console) -> dict[str, Any]:
    """The whole measurement with workers, on a new broker."""
    opened = list(complaints(cases))
    until = START + round(days * DAY_MS)
    with tempfile.TemporaryDirectory() as home, EmbeddedBroker(Path(home)) as broker:
        connection = KafkaConnection(broker.address, topic_prefix="timers.")
        ensure_topics(connection, partitions=1, replication_factor=1)
        console.print(f"{cases:,} complaints into Kafka")
        publish(connection, opened)
        clock = SpedUp(time.time() + 30 + cases / 1500, days * DAY_MS / 1000 / seconds, until)
        worker = start(broker.address, clock)
        try:
            worker, killed = _kill_now_and_then(worker, broker.address, clock, seconds, kills, console)
            _wait_for_rest(connection, opened, until, console)
            worker.send_signal(signal.SIGTERM)
            status = worker.wait(60)
        finally:
            if worker.poll() is None:
                worker.kill()
                worker.wait()
        return {
            "cases": cases,
            "days": days,
            "kills": kills,
            "exit": status,
            **_judged(connection, opened, clock, killed),
        }


def _kill_now_and_then(
    worker: subprocess.Popen[bytes], bootstrap: str, clock: SpedUp, seconds: float, kills: int, console: Console
) -> tuple[subprocess.Popen[bytes], list[float]]:
    """Kill and restart the worker one second after a burst of timers began, at most `kills` times."""
    bursts = [clock.wall(START + day * DAY_MS + 16 * 3_600_000) + 1.0 for day in range(kills)]  # 24:00
    killed = [one for one in bursts if one < clock.begins + seconds]
    for moment in killed:
        time.sleep(max(0.0, moment - time.time()))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        console.print(f"killed {moment - clock.begins:.0f} s after the clock began to run")
        worker = start(bootstrap, clock)
    time.sleep(max(0.0, clock.begins + seconds - time.time()))
    return worker, killed


def _expected(opened: Iterable[Complaint], until: int) -> dict[str, int]:
    world = reference_policies().cases
    return {
        event.event_id: event.occurred_at
        for one in opened
        for event in replay_case(one, (), world, until).events
        if event.kind in TIMED
    }


def _wait_for_rest(connection: KafkaConnection, opened: list[Complaint], until: int, console: Console) -> None:
    wanted, deadline = _expected(opened, until).keys(), time.monotonic() + 300
    while left := len(wanted - {event["event_id"] for event, _at in events(connection)}):
        console.print(f"{left:,} of {len(wanted):,} events are to come")
        if time.monotonic() > deadline:
            return
        time.sleep(20)  # reading takes processor time from the worker


def _judged(connection: KafkaConnection, opened: list[Complaint], clock: SpedUp, killed: list[float]) -> dict[str, Any]:
    expected = _expected(opened, clock.until)
    seen: Counter[str] = Counter()
    late: list[float] = []
    calm: list[float] = []
    for event, at in events(connection):
        if event["kind"] in TIMED:
            seen[event["event_id"]] += 1
            if event["occurred_at"] > START:
                due = clock.wall(event["occurred_at"])
                disturbed = any(moment - DISTURBED_S <= due <= moment + DISTURBED_S for moment in killed)
                late.append(at - due)
                if not disturbed:
                    calm.append(at - due)
    found = {
        "timers": len(expected),
        "while_the_clock_ran": len(late),
        "missed": len(expected.keys() - seen.keys()),
        "doubled": sum(count - 1 for count in seen.values()),
        "invented": len(seen.keys() - expected.keys()),
    }
    return {**found, "late_s": _spread(late), "late_calm_s": _spread(calm)}


def _spread(late: list[float]) -> dict[str, float]:
    if not late:
        return {}
    late.sort()
    named = {"median": late[len(late) // 2], "p99": late[len(late) * 99 // 100], "max": late[-1]}
    return {"n": len(late), **{name: round(value, 1) for name, value in named.items()}}


def tick(cases: int) -> dict[str, float]:
    """Milliseconds of one call of `advance`, in a process set up like a worker."""
    keep_gc_pauses_short()
    state = ComplaintStage(reference_policies().cases).new_state(0)
    encode = {
        topic: record_encoder(topic.subject) for topic in (Topic.COMPLAINT, Topic.COMPLAINT_CASE, Topic.COMPLAINT_EVENT)
    }
    records = list(complaints(cases))
    values = [encode[Topic.COMPLAINT](one) for one in records]
    for first in range(0, cases, 5000):
        some = values[first : first + 5000]
        offsets = range(first, first + len(some))
        keys = [one.complaint_id.encode() for one in records[first : first + 5000]]
        state.absorb(RawBatch(Topic.COMPLAINT, 0, offsets, [START] * len(some), keys, some))
    quiet: list[float] = []
    firing: list[float] = []
    now = START - 20 * DAY_MS
    while now < START + 5 * DAY_MS:
        now += 1_800_000
        more = True
        while more:
            began = time.perf_counter()
            outputs = [_encoded(encode, one) for one in state.advance(now)]
            records_replaced(len(outputs))
            (firing if outputs else quiet).append((time.perf_counter() - began) * 1000)
            more = bool(outputs)
    return {
        "quiet_median_ms": round(statistics.median(quiet), 4),
        "firing_median_ms": round(statistics.median(firing), 1),
        "firing_p99_ms": round(sorted(firing)[len(firing) * 99 // 100], 1),
        "firing_max_ms": round(max(firing), 1),
        "steps": len(firing),
    }


def _encoded(encode: dict[Topic, Any], output: Output) -> bytes:
    value: bytes = encode[output.topic](output.record)
    return value


def main() -> int:
    """Measure, print and store; exit status 1 if a timer was missed, doubled or invented."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--days", type=float, default=5)
    parser.add_argument("--seconds", type=float, default=240)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--serve", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        bootstrap, begins, speed, until = given.serve
        return serve(bootstrap, float(begins), float(speed), int(until))
    console = Console(highlight=False)
    found = {"tick": tick(given.cases), **run(given.cases, given.days, given.seconds, given.kills, console)}
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=2) + "\n")
    console.print_json(json.dumps(found))
    return 1 if found["missed"] or found["doubled"] or found["invented"] else 0


if __name__ == "__main__":
    sys.exit(main())
