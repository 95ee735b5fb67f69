"""Brings ClickHouse's tables and views up to date.

Tables come from migrations: numbered SQL files, forward only. A file must not change after it was applied; if it did,
it is refused. Views hold nothing, so each is one file, which is applied again when it has changed. Every statement can
be repeated (`IF NOT EXISTS`, `OR REPLACE`), so an interrupted run, or two runs at once, end in the same state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import structlog

from schemas.errors import SystemFault
from schemas.reference.site.reference import ReferenceData, package_reference
from sinks.clickhouse import ledger
from sinks.clickhouse.client import session
from sinks.clickhouse.cluster.replicas import (
    check_cluster,
    check_engines,
    check_replicas,
    execute_everywhere,
)
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.definers import redefine, with_definer
from sinks.clickhouse.native.column_client import ColumnClient
from sinks.clickhouse.parcels import copy_parcels
from sinks.clickhouse.quoting import quoted
from sinks.clickhouse.reference import load_reference
from sinks.clickhouse.retention.apply import apply_retention
from sinks.clickhouse.retention.options import KEEP_ALL, Retention
from sinks.clickhouse.sql_files import SqlFile, migration_files, view_files

log = structlog.get_logger(__name__)

_TIMEOUT_S = 300


def migrate(
    connection: ClickHouseConnection, reference: ReferenceData | None = None, retention: Retention = KEEP_ALL
) -> list[str]:
    """Create the database, apply what is missing, and load the reference data that changed.

    A migration whose table was dropped or renamed is applied again, and a view that was dropped. The table is then
    empty: `hailong audit` tells what is missing, and a sink with a new group fills it.

    Args:
        connection: The server, with a user who may create the database, tables and views, and make them run with the
            rights of `view_definer`.
        reference: The reference data of the deployment; None: that of the package.
        retention: How long rows are kept.

    Returns:
        Names of what was applied, in order; empty if everything was up to date.

    Raises:
        SystemFault: A migration that was applied has changed since, the server refuses it, or the cluster is none that
            hailong can use.
        Unavailable: The server does not answer.
    """
    with session(connection, database="default") as client:
        replicas = check_cluster(client)
        execute_everywhere(client, f"CREATE DATABASE IF NOT EXISTS {quoted(connection.database)} ENGINE = Atomic")
    with session(connection, timeout_s=_TIMEOUT_S) as client:
        migrations, views = migration_files(), view_files()
        _check_engines(client, migrations)
        execute_everywhere(client, ledger.CREATE)
        done = ledger.applied(client)
        _check(migrations, done)
        existing, definer = _tables(client), connection.view_definer
        define = partial(with_definer, view_definer=definer, migrator=connection.user if connection.cluster else None)
        ours = {name for file in (*migrations, *views) for name in file.creates()}
        news = [
            *_apply_migrations(client, migrations, done, existing, define),
            *_apply_views(client, views, done, existing, define),
            *redefine(client, ours, definer),
        ]
        check_replicas(client, replicas)
        return [
            *news,
            *load_reference(client, done, reference or package_reference()),
            *apply_retention(client, retention),
        ]


def lacking(client: ColumnClient) -> list[str]:
    """Names of the migrations that were not applied; needs only the right to read the ledger.

    Raises:
        SystemFault: The tables are replicated although no cluster is set, or the reverse.
    """
    migrations = migration_files()
    _check_engines(client, migrations)
    done = ledger.applied(client)
    return [one.name for one in migrations if one.name not in done]


def _check_engines(client: ColumnClient, migrations: Sequence[SqlFile]) -> None:
    check_engines(client, {ledger.TABLE}.union(*(migration.creates() for migration in migrations)))


def _tables(client: ColumnClient) -> set[str]:
    rows: list[tuple[str]] = client.execute("SELECT name FROM system.tables WHERE database = currentDatabase()")
    return {name for (name,) in rows}


def _check(migrations: Sequence[SqlFile], done: Mapping[str, str]) -> None:
    for migration in migrations:
        if done.get(migration.name, migration.checksum) != migration.checksum:
            raise SystemFault(
                f"migration {migration.name} has changed since it was applied: restore it and write a new migration"
            )


def _apply_migrations(
    client: ColumnClient,
    migrations: Sequence[SqlFile],
    done: Mapping[str, str],
    existing: set[str],
    define: Callable[[str], str],
) -> Iterator[str]:
    recreated: set[str] = set()
    for migration in migrations:
        created = migration.creates()
        # A table that was just created again has its old form: the migrations that changed it later follow.
        if migration.name in done and not (created - existing or (created | migration.changes()) & recreated):
            continue
        noted: Mapping[str, str] = done
        if migration.name in done:
            # Forgotten first: else, after an interruption, the table would be there and its rows would not.
            ledger.forget(client, (name for name in done if name.split("/")[0] == migration.name))
            noted = {}
        _apply(client, migration, define, noted)
        recreated |= created
        yield migration.name


def _apply_views(
    client: ColumnClient,
    views: Sequence[SqlFile],
    done: Mapping[str, str],
    existing: set[str],
    define: Callable[[str], str],
) -> Iterator[str]:
    changed: set[str] = set()
    for view in views:
        # A view keeps the columns that the views below it had when it was created, so it follows their changes.
        if done.get(view.name) != view.checksum or view.name not in existing or view.reads & changed:
            _apply(client, view, define, {})
            changed.add(view.name)
            yield view.name


def _apply(client: ColumnClient, file: SqlFile, define: Callable[[str], str], noted: Mapping[str, str]) -> None:
    for number, (statement, parcels) in enumerate(file.steps()):
        if parcels is None:
            execute_everywhere(client, define(statement))
        else:
            name = f"{file.name}/{number}"
            copy_parcels(client, name, statement, parcels, noted.get(name))
    # Recorded last: if this fails, the statements run again next time and change nothing.
    ledger.record(client, file.name, file.checksum)
    log.info("migration_applied", name=file.name)
