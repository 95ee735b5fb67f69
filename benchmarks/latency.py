"""How long an event takes through the whole pipeline, at a constant rate of events.

    .venv/bin/python benchmarks/latency.py [--rates 200,2000] [--minutes 5] [--broker kafka|embedded]

Runs a stack as `hailong up` does: broker, ClickHouse, one worker with all stages, the sink. Status events of
declarations are published through the SDK on a fixed schedule, however slow earlier ones are; one declaration in thirty
is rated. Latency counts from the scheduled time, so a stall counts for every event that had to wait.

* complaint: from a sheet with one star, sent every half second, to its complaint in Kafka
* alert: four offices in turn get one star every two seconds until the alert of the office is in Kafka; counts from the
  last sheet that the alert names, because the detector could not raise this alert without it. Each office has one
  alert; after the last office there are no more
* status_row, fact_row: until a query finds the row; asked every 20 ms, or as fast as answers come

Event time is wall-clock time, as in production. Result: var/bench/latency.json.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import structlog
from clickhouse_driver import Client
from confluent_kafka import OFFSET_END, Consumer, TopicPartition
from rich.console import Console
from rich.table import Table

from deploy.local.broker_kind import Broker
from deploy.local.stack.layout import Layout
from deploy.local.stack.stack import Stack
from producers.sdk import EventPublisher
from schemas.codec.record import decoder
from schemas.ids import complaint_id
from schemas.kafka.connection import KafkaConnection
from schemas.records.alerts import AlertState
from schemas.records.events import DeclarationStatus, Rating, RatingItem
from schemas.reference.offices import load_offices
from schemas.topics import Topic
from sinks.clickhouse.client import session

TARGETS_MS = {"complaint": 500.0, "alert": 500.0, "status_row": 2000.0, "fact_row": 2000.0}
"""Largest allowed 99th percentile, milliseconds."""
RESULT = Path(__file__).resolve().parents[1] / "var" / "bench" / "latency.json"
LIFE = ("REGISTERED", "CHANNEL_ASSIGNED", "DOCUMENTS_CHECKED", "CLEARED")
_RATED_EACH = 30
_LOW_EVERY_S = 0.5
_ABREAST = 4
_MARKED_EVERY_S = 0.1
_LATE_S = 0.05
_WARM_UP_S = 15.0
_SETTLE_S = 10.0
_POLL_S = 0.02

console = Console()


@dataclass
class Waiting:
    """Events that are still on their way, and the latencies of those that arrived.

    Attributes:
        since: Scheduled time of each event on its way, monotonic seconds, by id.
        took: Latencies in milliseconds.
        counting: Whether arrivals are counted; False during warm-up.
    """

    since: dict[str, float] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    counting: bool = False

    def came(self, identity: str, now: float) -> None:
        """Record that an event arrived."""
        since = self.since.pop(identity, None)
        if since is not None and self.counting:
            self.took.append((now - since) * 1000)

    def figures(self) -> dict[str, float]:
        """Number of events, percentiles and maximum in milliseconds."""
        if not self.took:
            return {"n": 0, "missing": len(self.since)}
        middle, high, higher = np.percentile(self.took, [50, 95, 99])
        shown = {"p50_ms": middle, "p95_ms": high, "p99_ms": higher, "max_ms": max(self.took)}
        return {
            "n": len(self.took),
            "missing": len(self.since),
            **{name: round(float(one), 1) for name, one in shown.items()},
        }


class Load:
    """Publishes events through the SDK on a fixed schedule.

    Args:
        publisher: The SDK.
        waiting: Where published events are noted, by kind.
        rate: Status events per second.
        first: Number of the first declaration.
    """

    def __init__(self, publisher: EventPublisher, waiting: dict[str, Waiting], rate: int, first: int) -> None:
        self._publisher = publisher
        self._waiting = waiting
        self._rate = rate
        self._number = first
        now = time.time_ns() // 1_000_000
        codes = sorted({office.code for office in load_offices().offices(now)})
        self._offices = iter(codes)
        self._troubled = list(islice(self._offices, _ABREAST))
        self._alerted: set[str] = set()
        self._low_due: dict[str, float] = {}
        self._began = 0.0
        self.sent = self.late = 0

    def run(self, seconds: float) -> None:
        """Continue the schedule for so many seconds; a delay of an earlier call is carried over."""
        self._began = self._began or time.monotonic()
        low_at = marked_at = 0.0
        turns = cycle(range(_ABREAST))
        for step in range(self.sent, self.sent + int(seconds * self._rate)):
            due = self._began + step / self._rate
            if (ahead := due - time.monotonic()) > 0:
                time.sleep(ahead)
            self.late += -ahead > _LATE_S
            event = self._status(step)
            if due - marked_at >= _MARKED_EVERY_S:
                marked_at = due
                self._waiting["status_row"].since[event.event_id] = due
            self._publisher.publish_status(event)
            self.sent += 1
            if event.status != LIFE[-1]:
                continue
            if due - low_at >= _LOW_EVERY_S:
                low_at = due
                self._rate_declaration(event, 1, due, self._troubled[next(turns)])
            elif self._number % _RATED_EACH == 0:
                self._rate_declaration(event, 5, due, event.office)

    def alerted(self, office: str, complaint_ids: Sequence[str], now: float) -> None:
        """Record the alert of an office and the complaints that it names; another office takes its place."""
        if office in self._alerted or office not in self._troubled:
            return
        self._alerted.add(office)
        waiting = self._waiting["alert"]
        waiting.since[office] = max(self._low_due[one] for one in complaint_ids)
        waiting.came(office, now)
        self._troubled[self._troubled.index(office)] = next(self._offices, office)

    def _status(self, step: int) -> DeclarationStatus:
        stage = step % len(LIFE)
        self._number += stage == 0
        declaration = f"30{self._number:09d}0"
        return DeclarationStatus(
            event_id=f"{declaration}-{stage}",
            declaration_no=declaration,
            status=LIFE[stage],
            occurred_at=time.time_ns() // 1_000_000,
            office=self._troubled[self._number % _ABREAST],
            team="01",
            channel="YELLOW",
            kind="A11",
            tax_code=f"02{self._number % 5000:08d}",
        )

    def _rate_declaration(self, cleared: DeclarationStatus, score: int, due: float, office: str) -> None:
        sheet_id, now = f"s-{cleared.declaration_no}", time.time_ns() // 1_000_000
        items = (RatingItem("OFFICE", office, office, score), RatingItem("STEP", office, "DOCUMENT_CHECK", score))
        self._waiting["fact_row"].since[sheet_id] = due
        if score == 1:
            self._waiting["complaint"].since[sheet_id] = due
            self._low_due[complaint_id(cleared.declaration_no[:11], sheet_id, office)] = due
        tax_code = cleared.tax_code
        self._publisher.publish_rating(
            Rating(sheet_id, 1, cleared.declaration_no, tax_code, now, "AFTER_CLEARANCE", items)
        )


class Watch(threading.Thread):
    """A thread that watches for arrivals until it is stopped; `end` raises again what the thread raised."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._over = threading.Event()
        self._error: BaseException | None = None

    def run(self) -> None:
        """Watch, and keep an exception for `end`."""
        try:
            self.look()
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            self._error = error

    def look(self) -> None:
        """Watch until the end."""
        raise NotImplementedError

    def end(self) -> None:
        """Stop watching."""
        self._over.set()
        self.join()
        if self._error is not None:
            raise self._error


class KafkaWatch(Watch):
    """Watches for complaints and alerts in Kafka."""

    def __init__(self, connection: KafkaConnection, waiting: dict[str, Waiting], load: Load) -> None:
        super().__init__()
        self._waiting = waiting
        self._load = load
        self._readers = {
            topic.value.name(connection.topic_prefix): (topic, decoder(topic.subject))
            for topic in (Topic.COMPLAINT, Topic.ALERT)
        }
        self._consumer = Consumer({**connection.consumer_config("bench-latency"), "fetch.wait.max.ms": 10})
        found = self._consumer.list_topics(timeout=10).topics
        self._consumer.assign(
            [TopicPartition(name, number, OFFSET_END) for name in self._readers for number in found[name].partitions]
        )
        self._consumer.poll(1.0)

    def look(self) -> None:
        """Watch until the end."""
        while not self._over.is_set():
            for message in self._consumer.consume(1000, 0.05):
                now = time.monotonic()
                assert message.error() is None, message.error()
                topic, read = self._readers[message.topic() or ""]
                record = read(message.value())
                if topic is Topic.COMPLAINT:
                    self._waiting["complaint"].came(record["sheet_id"], now)
                elif record["state"] == AlertState.OPEN:
                    self._load.alerted(record["office"], record["complaint_ids"], now)
        self._consumer.close()


class RowWatch(Watch):
    """Watches for rows in ClickHouse."""

    def __init__(self, client: Client, waiting: Waiting, query: str) -> None:
        super().__init__()
        self._client = client
        self._waiting = waiting
        self._query = query

    def look(self) -> None:
        """Watch until the end."""
        while not self._over.wait(_POLL_S):
            wanted = tuple(self._waiting.since)
            if wanted:
                rows = self._client.execute(self._query, {"wanted": wanted})
                now = time.monotonic()
                for (identity,) in rows:
                    self._waiting.came(identity, now)


QUERIES = {
    "status_row": "SELECT event_id FROM declaration_status"
    " WHERE occurred_at > now() - INTERVAL 60 SECOND AND event_id IN %(wanted)s",
    "fact_row": "SELECT DISTINCT sheet_id FROM rated_service"
    " WHERE submitted_at > now() - INTERVAL 60 SECOND AND sheet_id IN %(wanted)s",
}


def at_rate(stack: Stack, rate: int, minutes: float, first: int) -> dict[str, Any]:
    """Measure all latencies at one rate."""
    waiting = {name: Waiting() for name in TARGETS_MS}
    with EventPublisher(stack.kafka) as publisher, session(stack.clickhouse) as one, session(stack.clickhouse) as two:
        load = Load(publisher, waiting, rate, first)
        watches: list[Watch] = [KafkaWatch(stack.kafka, waiting, load)]
        watches += [
            RowWatch(client, waiting[name], query)
            for client, (name, query) in zip((one, two), QUERIES.items(), strict=True)
        ]
        for watch in watches:
            watch.start()
        load.run(_WARM_UP_S)
        for each in waiting.values():
            each.counting = True
            each.since.clear()
        warm_up, load.late = load.sent, 0
        for minute in _parts(minutes):
            load.run(minute * 60)
            console.print(f"{rate}/s: {load.sent - warm_up:,} events sent, {_said(waiting)}", highlight=False)
        time.sleep(_SETTLE_S)
        for watch in watches:
            watch.end()
    figures = {name: each.figures() for name, each in waiting.items()}
    return {**figures, "events_sent": load.sent - warm_up, "late_sends": load.late}


def _parts(minutes: float) -> Iterator[float]:
    while minutes > 0:
        yield min(1.0, minutes)
        minutes -= 1.0


def _said(waiting: dict[str, Waiting]) -> str:
    figures = ((name, each.figures()) for name, each in waiting.items())
    return ", ".join(f"{name} {one.get('p50_ms', '-')}/{one.get('p99_ms', '-')}" for name, one in figures) + " ms"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and store; exit status 1 if a target is missed at the highest rate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", default="200,2000")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--broker", type=Broker, default=Broker.KAFKA)
    chosen = parser.parse_args(arguments)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    rates, found = [int(rate) for rate in chosen.rates.split(",")], {}
    directory = RESULT.parent / "latency"
    for number, rate in enumerate(rates):
        shutil.rmtree(directory, ignore_errors=True)
        with Stack(Layout(directory), {}, broker=chosen.broker) as stack:
            stack.start_servers(lambda step: console.print(step, highlight=False))
            stack.start_pipeline()
            found[str(rate)] = at_rate(stack, rate, chosen.minutes, first=1 + number * 100_000_000)
            stack.stop(lambda step: console.print(step, highlight=False))
    shutil.rmtree(directory, ignore_errors=True)
    shown = Table("events/s", "to", "n", "missing", "p50 ms", "p95 ms", "p99 ms", "max ms")
    for rate_text, paths in found.items():
        for name in TARGETS_MS:
            shown.add_row(rate_text, name, *(f"{value:,}" for value in paths[name].values()))
    console.print(shown)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps({"rates": found, "minutes": chosen.minutes}, indent=2) + "\n")
    highest = found[str(max(rates))]
    missed = [name for name, limit in TARGETS_MS.items() if not highest[name].get("p99_ms", limit) < limit]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
