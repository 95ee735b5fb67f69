"""The files of `deploy/clickhouse` say what the roles say, in SQL that every engine reads."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping

import pytest
from support.clickhouse_server import ROOT, ClickHouseServer

from deploy.clickhouse.files import FILES, NOBODY, users_xml, variable
from deploy.clickhouse.profiles import AUDITOR, READER, WRITER
from deploy.clickhouse.roles import DEFINER, ROLES
from sinks.audit.tables import COMPARED
from sinks.clickhouse.client import session
from sinks.clickhouse.mapping import tables
from sinks.clickhouse.sql_files import SqlFile

FOLDER = ROOT / "deploy" / "clickhouse"
BY_NAME = {role.name: role for role in ROLES}
LAYOUTS = [one for one in vars(tables).values() if isinstance(one, tables.TableLayout)]


def file_of(name: str) -> SqlFile:
    """A file of SQL."""
    return SqlFile(name, (FOLDER / name).read_text(encoding="utf-8"))


def grants_in_xml() -> Mapping[str, list[str]]:
    """The grants of each role of the XML, one statement each."""
    roles = ET.parse(FOLDER / "users.xml").getroot().find("roles")
    assert roles is not None
    return {role.tag: [query.text or "" for query in role.iter("query")] for role in roles}


def test_the_files_are_made_from_the_roles() -> None:
    """A role that was changed without making the files again would be a right that nobody reads."""
    for name, write in FILES.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == write("hailong"), f"python -m deploy.clickhouse {name}"


@pytest.mark.servers
def test_every_engine_reads_the_statements(embedded_clickhouse: ClickHouseServer) -> None:
    """Both files of SQL are parsed whole, with their parameters."""
    with session(embedded_clickhouse.connection()) as client:
        for name in ("roles.sql", "users.sql"):
            statements = list(file_of(name).statements())
            assert len(statements) > len(ROLES)
            for statement in statements:
                assert client.execute("SELECT formatQuery(%(text)s)", {"text": statement})


@pytest.mark.servers
def test_sql_and_xml_grant_the_same(embedded_clickhouse: ClickHouseServer) -> None:
    """The engine reads the same grants out of both, for each role."""

    def normal(texts: Iterator[str]) -> set[str]:
        with session(embedded_clickhouse.connection()) as client:
            return {client.execute("SELECT formatQuerySingleLine(%(text)s)", {"text": text})[0][0] for text in texts}

    in_sql = {
        found[2]: f"{found[1]}"
        for statement in file_of("roles.sql").statements()
        if (found := re.fullmatch(r"GRANT (.*)\n\s+TO (\w+) WITH REPLACE OPTION", statement, re.DOTALL))
    }
    in_xml = grants_in_xml()
    assert in_sql.keys() == in_xml.keys() == {role.role for role in ROLES}
    for role, grants in in_xml.items():
        joined = ", ".join(grant.removeprefix("GRANT ") for grant in grants)
        assert normal(iter([f"GRANT {in_sql[role]} TO x"])) == normal(iter([f"GRANT {joined} TO x"]))


def test_no_account_has_an_empty_or_known_password() -> None:
    """Each takes a hash from the environment or a parameter; the definer has one that fits nothing, and no network."""
    users = ET.parse(FOLDER / "users.xml").getroot().find("users")
    assert users is not None
    assert {user.tag for user in users} == {role.user for role in ROLES}
    sql = (FOLDER / "users.sql").read_text(encoding="utf-8")
    for role in ROLES:
        (password,) = users.findall(f"{role.user}/password_sha256_hex")
        if role.signs_in:
            assert (password.get("from_env"), password.text) == (variable(role), None)
            assert f"CREATE USER IF NOT EXISTS {role.user} IDENTIFIED WITH sha256_hash BY {{{role.user}:String}}" in sql
        else:
            assert (password.text, len(users.findall(f"{role.user}/networks/*"))) == (NOBODY, 0)
            assert re.search(rf"{role.user} IDENTIFIED WITH sha256_hash BY '{NOBODY}'\s+HOST NONE", sql)
    assert [role.user for role in ROLES if not role.signs_in] == [DEFINER]
    assert not {"plaintext", "no_password", "<password>"} & set(re.findall(r"\w+|<password>", sql + users_xml("x")))


def test_the_sink_may_fill_every_table_that_it_has() -> None:
    """A topic with a new table needs a new right."""
    filled = {grant.removeprefix("INSERT ON {db}.") for grant in BY_NAME["sink"].grants if grant.startswith("INSERT")}
    assert filled == {layout.name for layout in LAYOUTS} | {"log_epoch", "declaration_status"}


def test_the_audit_may_look_into_every_table_that_it_compares() -> None:
    """And only at what identifies a row: no enterprise, score, track or state of a complaint, no official alone."""
    grants = [grant for grant in BY_NAME["auditor"].grants if grant.startswith("SELECT")]
    assert {grant.rpartition(".")[2] for grant in grants} == {*COMPARED, "schema_migration"}
    named = set(re.findall(r"\w+", " ".join(grant.partition(" ON ")[0] for grant in grants)))
    assert not named & {"tax_code", "score", "track", "excluded_officials", "official", "actor", "comment_length"}


def test_limits_of_people_are_limits() -> None:
    """Whoever reads has limits that cannot be raised or taken off, and settings that stay."""
    for profile in (READER, WRITER):
        assert (
            {"max_memory_usage", "max_execution_time", "max_result_rows"}
            <= set(profile.at_most)
            <= profile.values.keys()
        )
        assert {"final", "log_queries", "additional_table_filters"} <= set(profile.fixed)
        assert profile.values["final"] == 1
    assert "final" not in AUDITOR.values  # it counts rows as they are stored


def test_another_database_is_named_throughout() -> None:
    """The files can be made for the database of HAILONG_CLICKHOUSE_DATABASE; a name that is none is refused."""
    command = [sys.executable, "-m", "deploy.clickhouse"]
    for name in ("roles.sql", "users.xml"):
        made = subprocess.run(
            [*command, name, "--database", "tests"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert made.stdout == FILES[name]("tests")
        assert " ON hailong." not in made.stdout
        assert " ON tests.v_*" in made.stdout
    refused = subprocess.run(
        [*command, "roles.sql", "--database", "a.b TO x"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (refused.returncode, refused.stdout) == (2, "")
