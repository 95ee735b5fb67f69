"""The table `schema_migration`: what `hailong migrate` has applied."""

from __future__ import annotations

from collections.abc import Iterable

from sinks.clickhouse.cluster.replicas import quorum, synchronize
from sinks.clickhouse.native.column_client import ColumnClient

TABLE = "schema_migration"

# schema_migration: files that were applied, with their checksums.
#   engine: ReplacingMergeTree, so that two runs at once leave one row; ORDER BY the name; no partition: few rows.
CREATE = """CREATE TABLE IF NOT EXISTS schema_migration
(
    name       String COMMENT 'File; or file and number of a statement that runs in parcels',
    checksum   String COMMENT 'SHA-256 of it; empty: to be applied again. Of parcels: at and the next key, or end',
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When'
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY name
COMMENT 'Migrations, views and reference data that were applied'"""


def applied(client: ColumnClient) -> dict[str, str]:
    """Checksum of everything that was applied, by name."""
    synchronize(client, TABLE)
    statement = f"SELECT name, checksum FROM {TABLE} FINAL WHERE checksum != ''"  # noqa: S608 - our own name
    rows: list[tuple[str, str]] = client.execute(statement)
    return dict(rows)


def record(client: ColumnClient, name: str, checksum: str) -> None:
    """Note that something was applied; a later note of the same name replaces an earlier one."""
    rows = [(name, checksum)]
    client.execute(f"INSERT INTO {TABLE} (name, checksum) VALUES", rows, settings=dict(quorum(client.cluster)))


def forget(client: ColumnClient, names: Iterable[str]) -> None:
    """Note that something has to be applied again, from its beginning."""
    for name in names:
        record(client, name, "")
