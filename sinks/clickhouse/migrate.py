"""Migrations: numbered SQL files, applied once each, forward only."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

import structlog
from clickhouse_driver import Client

from schemas.errors import SystemFault
from sinks.clickhouse.client import connect
from sinks.clickhouse.faults import as_hailong
from sinks.clickhouse.reference import load_reference
from sinks.connection import ClickHouseConnection

_log = structlog.get_logger(__name__)

_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migration
(
    name String,
    checksum String,
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree ORDER BY name
COMMENT 'Which migrations were applied.'
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of `sinks/clickhouse/migrations/`."""

    name: str
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the file: an applied file must never change."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def statements(self) -> Iterator[str]:
        """Its statements, comments left out; a statement ends with a semicolon at the end of a line."""
        text = re.sub(r"^--[^\n]*\n", "", self.text, flags=re.MULTILINE)
        yield from (part.strip() for part in re.split(r";\s*(?:\n|$)", text) if part.strip())


def migrations() -> list[Migration]:
    """All migrations in order."""
    folder = files("sinks.clickhouse").joinpath("migrations")
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".sql")]
    return [Migration(entry.name, entry.read_text(encoding="utf-8")) for entry in sorted(found, key=lambda e: e.name)]


def migrate(connection: ClickHouseConnection) -> list[str]:
    """Bring the database up to date, then load the reference data; safe to repeat and to run twice at once.

    Every statement is idempotent (IF NOT EXISTS, OR REPLACE), so a run that was cut short is completed by the next.

    Returns:
        Names of the migrations that were applied now.

    Raises:
        SystemFault: A right or the password is wrong, or an applied file was changed.
        Unavailable: The server does not answer.
    """
    bootstrap, client = connect(connection, database=False), connect(connection)
    try:
        # Atomic: in an Ordinary or Overlay database, renames and refreshable views do not work.
        bootstrap.execute(f"CREATE DATABASE IF NOT EXISTS {connection.database} ENGINE = Atomic")
        client.execute(_LEDGER)
        applied = _apply(client)
        load_reference(client)
    except SystemFault:
        raise
    except Exception as error:
        raise as_hailong(error, "migrating") from error
    finally:
        bootstrap.disconnect()
        client.disconnect()
    return applied


def _apply(client: Client) -> list[str]:
    known = dict(client.execute("SELECT name, checksum FROM schema_migration FINAL"))
    applied = []
    for migration in migrations():
        if migration.name in known:
            if known[migration.name] != migration.checksum:
                raise SystemFault(
                    f"migration {migration.name} was changed after it was applied: add a new file instead"
                )
            continue
        for statement in migration.statements():
            client.execute(statement)
        client.execute("INSERT INTO schema_migration (name, checksum) VALUES", [(migration.name, migration.checksum)])
        _log.info("migration_applied", name=migration.name)
        applied.append(migration.name)
    return applied
