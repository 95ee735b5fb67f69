"""Contender `clickhouse`: the Kafka engine of ClickHouse in an embedded ClickHouse (chDB), with the join in SQL.

Materialized views store what Kafka tables read (format AvroConfluent, which needs a Schema Registry: a local stand-in
serves our pinned schemas). Once a second, SQL (clickhouse_engine.sql) computes the facts of rated declarations that
have new records. They are produced in the order in which the sheets were submitted, and the declarations are taken off
the list of new ones.

Unlike the others, this contender computes the contents of facts in SQL. If two contents have one event id, it keeps the
one read last, because AvroConfluent does not show the bytes of a record; the benchmark's input has no such pair. A
client in this program produces the facts, not a Kafka table: ClickHouse can write AvroConfluent, and keys that are no
field of the value, only from 26.5 on, and chDB cannot create Kafka tables since 26.3 ("Shutdown was called").

Usage: PROGRAM BOOTSTRAP PREFIX DIRECTORY
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

import chdb
from confluent_kafka import Producer
from support.registry import Shelf, serving

from benchmarks.producing import produce
from processors.stages.reference_policies import reference_context
from schemas.catalogue import PINNED, schema_json
from schemas.codec.record import encoder
from schemas.ids import fact_id
from schemas.kafka.connection import KafkaConnection
from schemas.records.events import Status
from schemas.reference.offices import load_offices
from schemas.reference.timeline import FIRST_MS, build_timeline, regular_days
from schemas.reference.validity import DAY_MS
from schemas.reference.working_hours import load_working_hours
from schemas.topics import Topic

LOOK_S = 1.0
_LINE = "-- ----"
# By default chDB starts no threads for Kafka tables.
_CONFIGURATION = """<clickhouse>
  <background_message_broker_schedule_pool_size>8</background_message_broker_schedule_pool_size>
  <kafka>
    <session_timeout_ms>6000</session_timeout_ms>
    <heartbeat_interval_ms>1000</heartbeat_interval_ms>
    <auto_offset_reset>earliest</auto_offset_reset>
  </kafka>
</clickhouse>
"""


def working_windows() -> Iterator[tuple[str, int, int, int]]:
    """Office ('' for regular hours), start, end (epoch ms) and milliseconds worked before, of every working window."""
    hours = load_working_hours()
    regular = regular_days(hours)
    for office in (None, *sorted({rule.office for rule in hours.overtime})):
        timeline = build_timeline(hours, regular, office)
        for day, windows in enumerate(timeline.windows):
            before = timeline.before[day]
            for start, length in windows:
                since = FIRST_MS + day * DAY_MS + start
                yield office or "", since, since + length, before
                before += length


def places() -> Iterator[tuple[str, str, int, int]]:
    """Office, team ('' for the office itself), and its validity, epoch ms."""
    directory = load_offices()
    for office in directory.all_offices():
        yield office.code, "", office.validity.from_ms, office.validity.to_ms
    for team in directory.all_teams():
        yield team.office, team.team, team.validity.from_ms, team.validity.to_ms


class Engine:
    """The embedded ClickHouse.

    Args:
        directory: Directory of its data.
        values: Values of the placeholders in the SQL.
    """

    def __init__(self, directory: Path, values: Mapping[str, Any]) -> None:
        configuration = directory / "config.xml"
        configuration.write_text(_CONFIGURATION)
        self._chdb: Any = chdb.connect(f"{directory / 'data'}?config-file={configuration}")  # type: ignore[no-untyped-call]
        self._values = values
        durable, start, look = Path(__file__).with_suffix(".sql").read_text().split(_LINE)
        self._look = list(_statements(look))
        for statement in (*_statements(durable), *_statements(start)):
            self._ask(statement)
        self._fill("working_window", working_windows())
        self._fill("place", places())
        self._fill("rank", ((str(status), rank) for rank, status in enumerate(Status)))

    def came(self) -> list[str]:
        """Names of the parts that list declarations with new records."""
        rows = self._ask("SELECT name FROM system.parts WHERE database = 'state' AND table = 'touched' AND active")
        return [row["name"] for row in rows]

    def facts(self, parts: list[str]) -> list[dict[str, Any]]:
        """The facts of all sheets of the declarations in these parts."""
        rows: list[dict[str, Any]] = []
        for statement in self._look:
            rows = self._ask(statement, parts="('" + "', '".join(parts) + "')")
        return rows

    def done(self, parts: list[str]) -> None:
        """Drop the parts after their facts were sent."""
        for part in parts:
            self._ask(f"ALTER TABLE state.touched DROP PART '{part}'")

    def _ask(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        text: str = self._chdb.query(sql.format(**self._values, **values), "JSONEachRow").bytes().decode()
        return [json.loads(line) for line in text.splitlines()]

    def _fill(self, table: str, rows: Iterator[tuple[Any, ...]]) -> None:
        lines = "\n".join(json.dumps(row) for row in rows)
        self._chdb.query(f"INSERT INTO queue.{table} FORMAT JSONCompactEachRow\n{lines}")


def _statements(text: str) -> Iterator[str]:
    for part in text.split(";\n"):
        lines = [line for line in part.splitlines() if line.strip() and not line.lstrip().startswith("--")]
        if lines:
            yield "\n".join(lines)


def main() -> None:
    """Join until killed."""
    bootstrap, prefix, directory = sys.argv[1:]
    connection = KafkaConnection(bootstrap, topic_prefix=prefix)
    limits, write = reference_context().limits, encoder(Topic.RATED_SERVICE.subject)
    fact_topic = Topic.RATED_SERVICE.value.name(prefix)
    shelf = Shelf()
    for pinned in PINNED:
        shelf.put(pinned.schema_id, schema_json(pinned.schema_id), pinned.subject)
    with serving(shelf) as registry:
        values = {
            "bootstrap": bootstrap,
            "group": f"{prefix}clickhouse",
            "registry": registry,
            "status_topic": Topic.DECLARATION_STATUS.value.name(prefix),
            "rating_topic": Topic.RATING.value.name(prefix),
            "consumers": os.cpu_count(),
            "document_limit": limits.document_minutes,
            "goods_limit": limits.goods_minutes,
        }
        engine, producer = Engine(Path(directory), values), Producer(dict(connection.producer_config()))
        while True:
            if parts := engine.came():
                for fact in engine.facts(parts):
                    fact["fact_id"] = fact_id(
                        f"{fact.pop('declaration'):011d}",
                        *(fact[name] for name in ("sheet_id", "target", "office", "target_id")),
                    )
                    produce(producer, fact_topic, fact["office"].encode(), write(fact))
                # Drop the parts only after Kafka has the facts: after a crash they are computed again.
                assert producer.flush(60) == 0
                engine.done(parts)
            time.sleep(LOOK_S)


if __name__ == "__main__":
    main()
