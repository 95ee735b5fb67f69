"""The table `schema_migration`: what `hailong migrate` has applied."""

from __future__ import annotations

from sinks.clickhouse.cluster.replicas import quorum, synchronize
from sinks.clickhouse.native.column_client import ColumnClient

TABLE = "schema_migration"

# schema_migration: files that were applied, with their checksums.
#   engine: ReplacingMergeTree, so that two runs at once leave one row; ORDER BY the name; no partition: few rows.
CREATE = """CREATE TABLE IF NOT EXISTS schema_migration
(
    name       String                 COMMENT 'File',
    checksum   String                 COMMENT 'SHA-256 of its text',
    applied_at DateTime('UTC') DEFAULT now() COMMENT 'When'
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY name
COMMENT 'Migrations, views and reference data that were applied'"""


def applied(client: ColumnClient) -> dict[str, str]:
    """Checksum of everything that was applied, by name."""
    synchronize(client, TABLE)
    rows: list[tuple[str, str]] = client.execute(f"SELECT name, checksum FROM {TABLE} FINAL")  # noqa: S608 - our own name
    return dict(rows)


def record(client: ColumnClient, name: str, checksum: str) -> None:
    """Note that something was applied; a later note of the same name replaces an earlier one."""
    rows = [(name, checksum)]
    client.execute(f"INSERT INTO {TABLE} (name, checksum) VALUES", rows, settings=dict(quorum(client.cluster)))
