"""Brings ClickHouse's tables and views up to date.

Migrations are numbered SQL files, forward only. A file must not change after it was applied; if it did, it is refused.
Every statement can be repeated (`IF NOT EXISTS`, `OR REPLACE`), so an interrupted run, or two runs at once, end in the
same state.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

import structlog
from clickhouse_driver import Client

from schemas.errors import SystemFault
from schemas.reference.site.reference import ReferenceData, package_reference
from sinks.clickhouse.client import session
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.reference import load_reference

log = structlog.get_logger(__name__)

# schema_migration: files that were applied, with their checksums.
#   engine: ReplacingMergeTree, so that two runs at once leave one row; ORDER BY the name; no partition: few rows.
_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migration
(
    name       String                 COMMENT 'File',
    checksum   String                 COMMENT 'SHA-256 of its text',
    applied_at DateTime('UTC') DEFAULT now() COMMENT 'When'
)
ENGINE = ReplacingMergeTree(applied_at) ORDER BY name
COMMENT 'Migrations and reference data that were applied'
"""


_CREATES = re.compile(
    r"CREATE\s+(?:OR\s+REPLACE\s+)?(?:MATERIALIZED\s+)?(?:TABLE|VIEW)\s+(?:IF\s+NOT\s+EXISTS\s+)?`?(\w+)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Migration:
    """One migration file."""

    name: str  # file name without its ending, e.g. `0001_log`
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def statements(self) -> Iterator[str]:
        """Its statements; each ends with a semicolon at the end of a line."""
        for part in f"{self.text.rstrip()}\n".split(";\n"):
            lines = [line for line in part.splitlines() if line.strip() and not line.lstrip().startswith("--")]
            if lines:
                yield "\n".join(lines).removesuffix(";")

    def creates(self) -> set[str]:
        """Names of the tables and views that it creates."""
        return {found[1] for found in map(_CREATES.match, self.statements()) if found}


def shipped() -> Sequence[Migration]:
    """The migrations of this version, in order."""
    folder = files("sinks.clickhouse").joinpath("migrations")
    found = [
        Migration(file.name.removesuffix(".sql"), file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    ]
    return sorted(found, key=lambda migration: migration.name)


def migrate(connection: ClickHouseConnection, reference: ReferenceData | None = None) -> list[str]:
    """Create the database, apply what is missing, and load the reference data that changed.

    A migration whose table or view was dropped or renamed is applied again. Its table is then empty: `hailong audit`
    tells what is missing, and a sink with a new group fills it.

    Args:
        connection: The server; the user needs the right to create databases, tables and views.
        reference: The reference data of the deployment; None: that of the package.

    Returns:
        Names of what was applied, in order; empty if everything was up to date.

    Raises:
        SystemFault: A migration that was applied has changed since, or the server refuses it.
        Unavailable: The server does not answer.
    """
    with session(connection, database="default") as client:
        client.execute(f"CREATE DATABASE IF NOT EXISTS {_quoted(connection.database)} ENGINE = Atomic")
    with session(connection, timeout_s=300) as client:
        client.execute(_LEDGER)
        done = applied(client)
        migrations = shipped()
        _check(migrations, done)
        news = []
        existing = _tables(client)
        recreated: set[str] = set()
        for migration in migrations:
            created = migration.creates()
            # A table or view that was just created again has its old form: the migrations that changed it later follow.
            if migration.name not in done or created - existing or created & recreated:
                _apply(client, migration)
                news.append(migration.name)
                recreated |= created
        return [*news, *load_reference(client, done, reference or package_reference())]


def applied(client: Client) -> dict[str, str]:
    """Checksum of everything that was applied, by name."""
    rows: list[tuple[str, str]] = client.execute("SELECT name, checksum FROM schema_migration FINAL")
    return dict(rows)


def lacking(client: Client) -> list[str]:
    """Names of the migrations that were not applied; needs only the right to read the ledger."""
    done = applied(client)
    return [one.name for one in shipped() if one.name not in done]


def _tables(client: Client) -> set[str]:
    rows: list[tuple[str]] = client.execute("SELECT name FROM system.tables WHERE database = currentDatabase()")
    return {name for (name,) in rows}


def _check(migrations: Sequence[Migration], done: dict[str, str]) -> None:
    for migration in migrations:
        if done.get(migration.name, migration.checksum) != migration.checksum:
            raise SystemFault(
                f"migration {migration.name} has changed since it was applied: restore it and write a new migration"
            )


def _apply(client: Client, migration: Migration) -> None:
    for statement in migration.statements():
        client.execute(statement)
    # Recorded last: if this fails, the statements run again next time and change nothing.
    client.execute("INSERT INTO schema_migration (name, checksum) VALUES", [(migration.name, migration.checksum)])
    log.info("migration_applied", name=migration.name)


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"
