"""`hailong migrate`, and what it says about retention."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from support.clickhouse_server import ClickHouseServer, drop_databases
from support.command import hailong

pytestmark = pytest.mark.servers
FOREVER = "Kept: everything, for ever."


def test_migrate_says_what_it_did_and_what_is_kept(clickhouse_server: ClickHouseServer, tmp_path: Path) -> None:
    """The first run applies all, another nothing; with days it says what they mean, without them it takes them back."""
    connection = clickhouse_server.connection(f"t{uuid4().hex[:8]}")
    settings = {
        "HAILONG_CLICKHOUSE_HOST": connection.host,
        "HAILONG_CLICKHOUSE_PORT": str(connection.port),
        "HAILONG_CLICKHOUSE_USER": connection.user,
        "HAILONG_CLICKHOUSE_PASSWORD": connection.password,
        "HAILONG_CLICKHOUSE_DATABASE": connection.database,
    }

    def migrate(**days: str) -> list[str]:
        done = hailong("migrate", cwd=tmp_path, **settings, **days)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    try:
        first = migrate()
        assert first[0].startswith("Applied: 0001_log, ")
        assert first[1:] == [FOREVER]
        kept = {"HAILONG_CLICKHOUSE_KEEP_SATISFACTION_DAYS": "400"}
        changed = migrate(**kept)
        assert changed[0] == "Applied: retention of satisfaction, retention of pane, retention of office_count"
        assert changed[1].startswith("Kept: satisfaction for 400 days (from ")
        assert migrate(**kept) == ["Nothing to do: the database is up to date.", changed[1]]
        assert migrate() == [changed[0], FOREVER]
    finally:
        drop_databases(connection, connection.database)


def test_too_few_days_are_refused(tmp_path: Path) -> None:
    """The message names the variable, before anything is asked of ClickHouse."""
    settings = {
        "HAILONG_CLICKHOUSE_HOST": "nowhere.invalid",
        "HAILONG_CLICKHOUSE_KEEP_DECLARATIONS_DAYS": "30",
    }
    refused = hailong("migrate", cwd=tmp_path, **settings)
    assert refused.returncode == 2
    assert "HAILONG_CLICKHOUSE_KEEP_DECLARATIONS_DAYS must be at least 62" in refused.stdout + refused.stderr
