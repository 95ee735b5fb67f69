"""Bringing ClickHouse's tables and views up to date.

Migrations are numbered SQL files, forward only. A file that was applied never changes afterwards; one that did is
refused. Every statement can be repeated (`IF NOT EXISTS`, `OR REPLACE`), so a run that was cut off, or two runs at
once, end in the same state; that is what the tests hold them to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

import structlog
from clickhouse_driver import Client

from schemas.errors import SystemFault
from sinks.clickhouse.client import session
from sinks.clickhouse.reference import load_reference
from sinks.connection import ClickHouseConnection

log = structlog.get_logger(__name__)

# schema_migration: what was applied, with the checksum of the file as it was.
#   engine: ReplacingMergeTree, so that two runs at once leave one row; ORDER BY the name; no partition: few rows.
_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migration
(
    name       String                 COMMENT 'File',
    checksum   String                 COMMENT 'SHA-256 of its text',
    applied_at DateTime('UTC') DEFAULT now() COMMENT 'When'
)
ENGINE = ReplacingMergeTree(applied_at) ORDER BY name
COMMENT 'Migrations and reference files that were applied'
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One migration file.

    Attributes:
        name: File name without its ending, e.g. `0001_log`.
        text: Its SQL.
    """

    name: str
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def statements(self) -> Iterator[str]:
        """Its statements; they end with a semicolon at the end of a line."""
        for part in f"{self.text.rstrip()}\n".split(";\n"):
            lines = [line for line in part.splitlines() if line.strip() and not line.lstrip().startswith("--")]
            if lines:
                yield "\n".join(lines).removesuffix(";")


def shipped() -> Sequence[Migration]:
    """The migrations of this version, in order."""
    folder = files("sinks.clickhouse").joinpath("migrations")
    found = [
        Migration(file.name.removesuffix(".sql"), file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    ]
    return sorted(found, key=lambda migration: migration.name)


def migrate(connection: ClickHouseConnection) -> list[str]:
    """Create the database, apply what is missing, and load the reference data that changed.

    Args:
        connection: The server; the user needs the right to create databases, tables and views.

    Returns:
        Names of what was applied, in order; empty when all was up to date.

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
        for migration in migrations:
            if migration.name not in done:
                _apply(client, migration)
                news.append(migration.name)
        return [*news, *load_reference(client, done)]


def applied(client: Client) -> dict[str, str]:
    """Checksum of everything that was applied, by name."""
    rows: list[tuple[str, str]] = client.execute("SELECT name, checksum FROM schema_migration FINAL")
    return dict(rows)


def _check(migrations: Sequence[Migration], done: dict[str, str]) -> None:
    for migration in migrations:
        if done.get(migration.name, migration.checksum) != migration.checksum:
            raise SystemFault(
                f"migration {migration.name} was applied in another wording: files that were applied must not change; "
                "restore it and write a new one"
            )


def _apply(client: Client, migration: Migration) -> None:
    for statement in migration.statements():
        client.execute(statement)
    # Recorded last: should this fail, the statements run again next time and change nothing.
    client.execute("INSERT INTO schema_migration (name, checksum) VALUES", [(migration.name, migration.checksum)])
    log.info("migration_applied", name=migration.name)


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"
