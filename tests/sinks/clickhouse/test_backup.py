"""The guide of docs/backup.md, followed on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from support.clickhouse_server import ClickHouseServer
from support.events import at, rating, status
from support.extras import needs_clickhouse_server
from support.polling import eventually
from support.sink_bench import SinkBench, new_sink_bench

from schemas.topics import Topic
from sinks.audit.report import AuditReport
from sinks.audit.run import audit
from sinks.clickhouse.client import query
from sinks.clickhouse.migrate import migrate

pytestmark = [pytest.mark.servers, needs_clickhouse_server]

T = at("2020-05-11 08:00")
ENTRY = (
    "INSERT INTO score_entry (period, period_start, unit_level, unit, criterion, points, source)"
    " VALUES ('MONTH', '2020-05-01', 'OFFICE', '03CC', '1.1', 5, 'by hand')"
)


@pytest.fixture
def site(real_clickhouse: ClickHouseServer, broker: str) -> Iterator[SinkBench]:
    """Empty topics and an empty, migrated database on the real server."""
    bench = new_sink_bench(real_clickhouse, broker)
    yield bench
    bench.drop()


def send(site: SinkBench, first: int, number: int) -> None:
    """So many statuses, and a sheet for every tenth."""
    for n in range(first, first + number):
        site.send(Topic.DECLARATION_STATUS, status(f"e{n}", "REGISTERED", T + n))
    sheets = [rating(f"s{n}", 1, T + n) for n in range(first, first + number, 10)]
    site.send(Topic.RATING, *sheets)


def audited(site: SinkBench) -> AuditReport:
    """What the audit says."""
    return audit(site.kafka, site.clickhouse)


def missing(site: SinkBench) -> int:
    """Records of the two event topics that ClickHouse lacks."""
    return sum(one.missing for one in audited(site).topics)


def test_a_backup_that_was_made_while_the_sink_ran_is_completed_from_kafka(site: SinkBench) -> None:
    """Everything is dropped; the backup brings what Kafka does not hold, and a sink with a new group all the rest."""
    backup = f"File('{uuid4().hex}')"
    name = site.clickhouse.database
    send(site, 0, 100)
    site.rows(ENTRY)
    with site.sink() as monitor:
        site.eventually_stored(monitor, 110)
        send(site, 100, 50)
        made = site.rows(f"BACKUP DATABASE {name} TO {backup}")
        send(site, 150, 50)
        site.eventually_stored(monitor, 220)
    assert made[0][1] == "BACKUP_CREATED"
    before = site.rows("SELECT * EXCEPT stored_at FROM declaration_status FINAL ORDER BY event_id")
    shown = site.rows("SELECT count() FROM v_opinions")

    site.drop()
    server = site.server.connection("default")
    assert query(server, f"RESTORE DATABASE {name} FROM {backup}")[0][1] == "RESTORED"
    assert migrate(site.clickhouse) == []
    lost = missing(site)
    assert lost >= 55

    # The group of before goes on where it was: it believes that all is stored.
    with site.sink() as monitor:
        eventually(lambda: monitor.progress.state != "starting", "the sink has joined its group")
    assert missing(site) == lost

    site.load(220, group=f"{site.options.group}.restored")
    assert [one for one in audited(site).topics if one.missing or one.doubled] == []
    after = site.rows("SELECT * EXCEPT stored_at FROM declaration_status FINAL ORDER BY event_id")
    assert after == before
    assert site.rows("SELECT count() FROM v_opinions") == shown
    assert site.rows("SELECT source FROM score_entry FINAL") == [("by hand",)]


def test_an_increment_needs_its_base_and_brings_what_came_since(site: SinkBench) -> None:
    """A backup of what changed, restored with the one that it builds on."""
    full, increment = (f"File('{uuid4().hex}')" for _ in range(2))
    name, server = site.clickhouse.database, site.server.connection("default")
    send(site, 0, 20)
    site.load(22)
    site.rows(f"BACKUP DATABASE {name} TO {full}")
    send(site, 20, 20)
    site.load(22)
    site.rows(f"BACKUP DATABASE {name} TO {increment} SETTINGS base_backup = {full}")
    site.drop()
    query(server, f"RESTORE DATABASE {name} FROM {increment}")
    assert site.count("declaration_status") == 40
    assert missing(site) == 0
