"""Reference data in ClickHouse: what a site's file adds and corrects comes into the tables, and out again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from clickhouse_driver import Client
from support.clickhouse_server import ClickHouseServer, drop_databases
from support.events import at
from support.site_file import ADDED, MOVED

from schemas.reference.offices import OfficeDirectory
from schemas.reference.site.reference import package_reference, parse_site
from sinks.clickhouse.client import connect
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.reference import loaded_digest, outdated_facts

pytestmark = pytest.mark.servers

SITE = parse_site("site.toml", ADDED + MOVED)


@pytest.fixture
def connection(clickhouse_server: ClickHouseServer) -> Iterator[ClickHouseConnection]:
    """A database that does not exist yet."""
    found = replace(clickhouse_server.connection("default"), database=f"t{uuid4().hex[:8]}")
    yield found
    drop_databases(found, found.database)


def offices_in(client: Client) -> list[Mapping[str, Any]]:
    """The versions in the table."""
    names = ("code", "level", "name_vi", "valid_from", "valid_to", "parent", "source", "origin")
    rows = client.execute(f"SELECT {', '.join(names)} FROM reference_office ORDER BY code, valid_from")
    return [dict(zip(names, row, strict=True)) for row in rows]


def as_in(directory: OfficeDirectory) -> list[tuple[str, date | None, date | None, str]]:
    """The versions of a directory, in the order of the table."""
    found = [(o.code, o.validity.valid_from, o.validity.valid_to, o.name_vi) for o in directory.all_offices()]
    return sorted(found, key=lambda row: (row[0], str(row[1])))


def test_migrate_loads_what_the_file_says_and_takes_it_back(connection: ClickHouseConnection) -> None:
    """Tables equal the directory, with the file and without; only what changed is loaded; the ledger has the digest."""
    migrate(connection)
    client = connect(connection)
    assert loaded_digest(client) == package_reference().digest
    assert migrate(connection, SITE) == ["reference/offices.csv", "reference/teams.csv"]
    assert migrate(connection, SITE) == []
    assert loaded_digest(client) == SITE.digest
    rows = offices_in(client)
    found = [(row["code"], row["valid_from"], row["valid_to"], row["name_vi"]) for row in rows]
    assert found == as_in(SITE.offices)
    assert [(r["name_vi"], r["origin"], r["source"]) for r in rows if r["code"] == "SPSP"] == [
        ("São Paulo", "SITE", "letter 12")
    ]
    assert [row["origin"] for row in rows if row["code"] == "03EE"] == ["CORRECTED", "CORRECTED", "PACKAGE"]
    team = "SELECT name_vi, valid_from, valid_to, origin FROM reference_team WHERE office = 'SPSP'"
    assert client.execute(team) == [("Nhóm 1", date(2017, 1, 1), date(2019, 1, 1), "SITE")]
    migrate(connection)
    assert [(row["code"], row["valid_from"], row["valid_to"], row["name_vi"]) for row in offices_in(client)] == as_in(
        package_reference().offices
    )
    assert loaded_digest(client) == package_reference().digest
    client.disconnect()


def test_facts_of_other_reference_data_are_found(connection: ClickHouseConnection) -> None:
    """`target_known` of facts against the tables: offices, teams, team 00 and times, on both sides of every seam."""
    migrate(connection, SITE)
    client = connect(connection)
    asked = [
        (office, target, target_id, at(time))
        for office in ("SPSP", "03CC", "QQQQ")
        for target, target_id in (("OFFICE", office), ("TEAM", "A1"), ("TEAM", "00"), ("TEAM", "01"), ("STEP", "X"))
        for time in ("2016-08-31 23:59", "2016-09-01 00:00", "2018-12-31 23:59", "2019-01-01 00:00", "2025-03-15 00:00")
    ]
    known = [_known(SITE.offices, *one) for one in asked]
    assert len(set(known)) == 2
    _insert(client, [(*one, says) for one, says in zip(asked, known, strict=True)])
    assert outdated_facts(client) == []
    _insert(client, [(*one, not says) for one, says in zip(asked, known, strict=True)])
    expected: dict[tuple[str, bool], int] = {}
    for (office, *_), says in zip(asked, known, strict=True):
        expected[office, says] = expected.get((office, says), 0) + 1
    assert {(office, says): facts for office, facts, says in outdated_facts(client)} == expected
    client.disconnect()


def _known(offices: OfficeDirectory, office: str, target: str, target_id: str, when: int) -> bool:
    """As the join says it."""
    periods = offices.periods(office, target_id if target == "TEAM" else None)
    return any(first <= when < end for first, end in periods)


def _insert(client: Client, facts: list[tuple[str, str, str, int, bool]]) -> None:
    columns = "fact_id, state, declaration_no, office, target, target_id, submitted_at, target_known, row_version"
    rows = (
        "generateUUIDv4(), 'MATCHED', '103000000010', office, target, id, fromUnixTimestamp64Milli(ms, 'UTC'), known, 1"
    )
    source = "office String, target String, id String, ms Int64, known Bool"
    values = ", ".join(
        str((office, target, target_id, ms, int(known))) for office, target, target_id, ms, known in facts
    )
    client.execute(f"INSERT INTO rated_service ({columns}) SELECT {rows} FROM values('{source}', {values})")
