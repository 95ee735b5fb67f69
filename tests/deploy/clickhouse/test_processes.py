"""`hailong migrate`, the sink and the audit, each under its own account, on a real ClickHouse."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from uuid import uuid4

import pytest
from support.cases import complaint
from support.clickhouse_rights import Accounts
from support.clickhouse_server import ROOT
from support.events import at, item, rating, status
from support.extras import needs_clickhouse_server
from support.sink_bench import SinkBench, sealed

from schemas.kafka.connection import KafkaConnection
from schemas.reference.site.reference import package_reference
from schemas.topics import Topic
from sinks.audit.run import audit
from sinks.clickhouse.client import session
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.reference import load_reference, loaded_digest, outdated_facts

pytestmark = [pytest.mark.servers, needs_clickhouse_server]

MONDAY = at("2020-05-11 08:00")
COUNTED = ("log_position", "registration", "enterprise_declaration", "opinion", "registration_span")
"""Tables that materialized views fill from the statuses and the rating below."""


@pytest.fixture
def bench(accounts: Accounts, broker: str) -> SinkBench:
    """Empty topics, and the database as the sink reaches it."""
    name = uuid4().hex[:8]
    found = SinkBench(
        KafkaConnection(broker, topic_prefix=f"t{name}.", session_timeout_ms=6_000),
        accounts.connection("sink"),
        accounts.server,
    )
    found.options = replace(found.options, group=f"t{name}.sink")
    found.create_topics()
    return found


def test_a_sink_and_an_audit_run_with_their_own_rights(accounts: Accounts, bench: SinkBench) -> None:
    """The sink fills tables that it cannot read, and their copies; the audit counts all without reading the content."""
    sheet = rating("s1", 1, MONDAY, item(score=2), item("TEAM", "01", 5), contact=sealed("s1"))
    bench.send(Topic.DECLARATION_STATUS, *(status(f"e{n}", "REGISTERED", MONDAY + n) for n in range(50)))
    bench.send(Topic.RATING, sheet, partition=1)
    bench.send(Topic.COMPLAINT, complaint(MONDAY))
    bench.produce(Topic.RATING, [(None, None)])

    bench.load(54)

    with session(accounts.connection("migrator")) as client:
        assert all(client.execute(f"SELECT count() > 0 FROM {table}") == [(1,)] for table in COUNTED)
    report = audit(bench.kafka, accounts.connection("auditor"))
    assert {one.topic: one.stored for one in report.topics if one.stored} == {
        "complaint": 1,
        "dead-letter": 1,
        "declaration-status": 50,
        "rating": 1,
    }
    assert (report.missing, report.doubled) == (report.services.missing, 0)


def test_migrate_needs_no_other_rights(accounts: Accounts) -> None:
    """The database was made by the migrator; it makes what was dropped again, and loads changed reference data."""
    with session(accounts.connection("migrator")) as client:
        client.execute("DROP VIEW v_office")
        client.execute("DROP TABLE reference_step")
        assert "v_office" in migrate(accounts.connection("migrator"))
        changed = {"reference/steps.csv": "of an earlier version"}
        assert "reference/steps.csv" in list(load_reference(client, changed, package_reference()))
        assert client.execute("SELECT count() > 0 FROM reference_step") == [(1,)]
    assert migrate(accounts.connection("migrator")) == []


@pytest.mark.parametrize("role", ["leader", "analyst", "handler"])
def test_people_ask_with_hailong_sql(accounts: Accounts, role: str) -> None:
    """The command works with the settings and rights of a person, and does not write unless it is told to."""
    connection = accounts.connection(role)
    environment = {
        **os.environ,
        "HAILONG_CLICKHOUSE_HOST": connection.host,
        "HAILONG_CLICKHOUSE_PORT": str(connection.port),
        "HAILONG_CLICKHOUSE_USER": connection.user,
        "HAILONG_CLICKHOUSE_PASSWORD": connection.password,
    }

    def sql(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [
            sys.executable,
            "-c",
            "from deploy.cli.main import main; main()",
            "sql",
            "--format",
            "csv",
            *arguments,
        ]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    asked = sql("SELECT count() > 0 FROM v_office")
    assert (asked.returncode, asked.stdout.splitlines()[-1]) == (0, "1"), asked.stderr
    entry = (
        "INSERT INTO score_entry (period, period_start, unit_level, unit, criterion, points, source) "
        "SELECT 'MONTH', '2020-05-01', 'OFFICE', '03CC', '1.1', 2, 'test'"
    )
    assert sql(entry).returncode == 1
    assert sql("--write", entry).returncode == (0 if role == "analyst" else 1)


def test_an_operator_compares_reference_data(accounts: Accounts) -> None:
    """`hailong reference compare` reads what the operator may."""
    with session(accounts.connection("operator")) as client:
        assert loaded_digest(client) == package_reference().digest
        assert outdated_facts(client) == []
