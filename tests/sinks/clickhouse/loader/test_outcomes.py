"""How the sink handles an insert that ClickHouse refuses, or whose outcome is unknown."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import REGISTRY
from support.events import at, status
from support.polling import eventually
from support.proxy import Fault, Proxy
from support.sink_bench import SinkBench

from schemas.topics import Topic
from sinks.audit.run import audit
from sinks.clickhouse.errors import ROW_CODES, SYSTEM_CODES

pytestmark = pytest.mark.servers

MONDAY = at("2020-05-11 08:00")
TOKEN = b"insert_deduplication_token"
"""Comes first in every insert of the sink, before its text and its block."""
STATUSES = 2_000


def statuses(count: int, first: int = 0) -> list[Any]:
    """Registrations with ids of their own."""
    return [status(f"e{n}", "REGISTERED", MONDAY + n) for n in range(first, first + count)]


def retries() -> float:
    """Repeated inserts so far."""
    return REGISTRY.get_sample_value("hailong_sink_insert_retries_total", {"table": "declaration_status"}) or 0.0


def token(statement: bytes) -> bytes:
    """The deduplication token of an insert."""
    found = re.match(TOKEN + rb".{1,3}?([0-9a-f]{64})", statement, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def proxy(bench: SinkBench) -> Iterator[Proxy]:
    """A proxy before ClickHouse for sinks; queries of the test go to the server itself."""
    with Proxy(bench.clickhouse.port, TOKEN).running() as found:
        yield found


@pytest.fixture
def proxied(bench: SinkBench, proxy: Proxy) -> Any:
    """The same bench with ClickHouse behind the proxy."""
    there = dataclasses.replace(bench.clickhouse, port=proxy.port)
    options = dataclasses.replace(bench.options, flush_rows=STATUSES, flush_interval_s=2.0, insert_timeout_s=3.0)
    return dataclasses.replace(bench, clickhouse=there, options=options)


def test_the_three_classes_share_no_code() -> None:
    """A code blames the row or the system, never both; a code in neither list counts as temporary."""
    assert not ROW_CODES.keys() & SYSTEM_CODES.keys()
    passing = {159, 202, 209, 210, 241, 242, 243, 252, 319, 425, 999}
    assert not passing & (ROW_CODES.keys() | SYSTEM_CODES.keys())


@pytest.mark.long
def test_one_bad_row_among_fifty_thousand(bench: SinkBench, proxied: SinkBench, proxy: Proxy) -> None:
    """It is found with at most two inserts for each halving, set aside alone, and all others are stored."""
    bad, count = 31_337, 50_000
    bench.rows(f"ALTER TABLE declaration_status ADD CONSTRAINT no_bad_event CHECK event_id != 'e{bad}'")
    bench.send(Topic.DECLARATION_STATUS, *statuses(count))

    big = {"flush_rows": count, "flush_bytes": 64 << 20, "flush_interval_s": 10.0, "insert_timeout_s": 60.0}
    with proxied.sink(**big) as monitor:
        bench.eventually_stored(monitor, count)
        proxied.eventually_stored(monitor, count + 1)  # its own dead letter

    assert bench.count("declaration_status") == count - 1
    assert bench.rows("SELECT source_offset, reason, detail FROM dead_letter FINAL") == [
        (bad, "REFUSED_BY_CLICKHOUSE", "VIOLATED_CONSTRAINT (469)")
    ]
    inserts = [one for one in proxy.statements if b"INSERT INTO declaration_status " in one]
    assert 16 < len(inserts) <= 1 + 2 * 16
    assert audit(bench.kafka, bench.clickhouse).clean


@pytest.mark.long
def test_too_many_parts_are_waited_for(bench: SinkBench, proxied: SinkBench, proxy: Proxy) -> None:
    """While ClickHouse refuses with TOO_MANY_PARTS the identical block is repeated; then it goes in once."""
    bench.rows("SYSTEM STOP MERGES declaration_status")
    bench.rows("ALTER TABLE declaration_status MODIFY SETTING parts_to_delay_insert = 1, parts_to_throw_insert = 1")
    bench.send(Topic.DECLARATION_STATUS, *statuses(1, first=STATUSES))
    proxied.load(1, flush_interval_s=0.1)
    before = retries()

    with proxied.sink() as monitor:
        bench.send(Topic.DECLARATION_STATUS, *statuses(STATUSES))
        eventually(lambda: retries() >= before + 3, "three repetitions")
        assert monitor.progress.records == 0
        bench.rows("ALTER TABLE declaration_status MODIFY SETTING parts_to_throw_insert = 3000")
        proxied.eventually_stored(monitor, STATUSES)

    attempts = proxy.statements[1:]
    assert len(attempts) >= 4
    assert len({token(attempt) for attempt in attempts}) == 1
    assert len(set(attempts)) == 1
    ((physical, distinct),) = bench.rows("SELECT count(), uniqExact(event_id) FROM declaration_status")
    assert (physical, distinct) == (STATUSES + 1, STATUSES + 1)


def test_an_unknown_outcome_is_repeated_identically(bench: SinkBench, proxied: SinkBench, proxy: Proxy) -> None:
    """A connection that breaks within the block or before the answer, or an answer that never comes: stored once."""
    with proxied.sink() as monitor:
        for number, fault in enumerate(Fault):
            before, sent = retries(), len(proxy.statements)
            proxy.arm(fault, after=60_000)
            bench.send(Topic.DECLARATION_STATUS, *statuses(STATUSES, first=number * STATUSES))
            proxied.eventually_stored(monitor, (number + 1) * STATUSES)

            assert not proxy.pending
            assert retries() > before
            first, second = proxy.statements[sent:][:2]
            assert token(first) == token(second)
            # What was cut is the beginning of what came next; what had arrived is the same to the last byte.
            assert second.startswith(first) if fault is Fault.CUT else second == first

    ((physical, distinct),) = bench.rows("SELECT count(), uniqExact(event_id) FROM declaration_status")
    assert physical == distinct == len(Fault) * STATUSES  # even before merges
    assert audit(bench.kafka, bench.clickhouse).clean
