"""Brings ClickHouse's tables and views up to date.

Tables come from migrations: numbered SQL files, forward only. A file must not change after it was applied; if it did,
it is refused. Views hold nothing, so each is one file, which is applied again when it has changed. Every statement can
be repeated (`IF NOT EXISTS`, `OR REPLACE`), so an interrupted run, or two runs at once, end in the same state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import structlog
from clickhouse_driver import Client

from schemas.errors import SystemFault
from schemas.reference.site.reference import ReferenceData, package_reference
from sinks.clickhouse.client import session
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.definers import redefine, with_definer
from sinks.clickhouse.quoting import quoted
from sinks.clickhouse.reference import load_reference
from sinks.clickhouse.sql_files import SqlFile, migration_files, view_files

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
COMMENT 'Migrations, views and reference data that were applied'
"""


def migrate(connection: ClickHouseConnection, reference: ReferenceData | None = None) -> list[str]:
    """Create the database, apply what is missing, and load the reference data that changed.

    A migration whose table was dropped or renamed is applied again, and a view that was dropped. The table is then
    empty: `hailong audit` tells what is missing, and a sink with a new group fills it.

    Args:
        connection: The server, with a user who may create the database, tables and views, and make them run with the
            rights of `view_definer`.
        reference: The reference data of the deployment; None: that of the package.

    Returns:
        Names of what was applied, in order; empty if everything was up to date.

    Raises:
        SystemFault: A migration that was applied has changed since, or the server refuses it.
        Unavailable: The server does not answer.
    """
    with session(connection, database="default") as client:
        client.execute(f"CREATE DATABASE IF NOT EXISTS {quoted(connection.database)} ENGINE = Atomic")
    with session(connection, timeout_s=300) as client:
        client.execute(_LEDGER)
        done = applied(client)
        migrations, views = migration_files(), view_files()
        _check(migrations, done)
        existing, definer = _tables(client), connection.view_definer
        ours = {name for file in (*migrations, *views) for name in file.creates()}
        news = [
            *_apply_migrations(client, migrations, done, existing),
            *_apply_views(client, views, done, existing, definer),
            *redefine(client, ours, definer),
        ]
        return [*news, *load_reference(client, done, reference or package_reference())]


def applied(client: Client) -> dict[str, str]:
    """Checksum of everything that was applied, by name."""
    rows: list[tuple[str, str]] = client.execute("SELECT name, checksum FROM schema_migration FINAL")
    return dict(rows)


def lacking(client: Client) -> list[str]:
    """Names of the migrations that were not applied; needs only the right to read the ledger."""
    done = applied(client)
    return [one.name for one in migration_files() if one.name not in done]


def _tables(client: Client) -> set[str]:
    rows: list[tuple[str]] = client.execute("SELECT name FROM system.tables WHERE database = currentDatabase()")
    return {name for (name,) in rows}


def _check(migrations: Sequence[SqlFile], done: Mapping[str, str]) -> None:
    for migration in migrations:
        if done.get(migration.name, migration.checksum) != migration.checksum:
            raise SystemFault(
                f"migration {migration.name} has changed since it was applied: restore it and write a new migration"
            )


def _apply_migrations(
    client: Client, migrations: Sequence[SqlFile], done: Mapping[str, str], existing: set[str]
) -> Iterator[str]:
    recreated: set[str] = set()
    for migration in migrations:
        created = migration.creates()
        # A table that was just created again has its old form: the migrations that changed it later follow.
        if migration.name not in done or created - existing or created & recreated:
            _apply(client, migration)
            recreated |= created
            yield migration.name


def _apply_views(
    client: Client, views: Sequence[SqlFile], done: Mapping[str, str], existing: set[str], definer: str
) -> Iterator[str]:
    changed: set[str] = set()
    for view in views:
        # A view keeps the columns that the views below it had when it was created, so it follows their changes.
        if done.get(view.name) != view.checksum or view.name not in existing or view.reads & changed:
            _apply(client, view, definer)
            changed.add(view.name)
            yield view.name


def _apply(client: Client, file: SqlFile, definer: str = "") -> None:
    for statement in file.statements():
        client.execute(with_definer(statement, definer))
    # Recorded last: if this fails, the statements run again next time and change nothing.
    client.execute("INSERT INTO schema_migration (name, checksum) VALUES", [(file.name, file.checksum)])
    log.info("migration_applied", name=file.name)
