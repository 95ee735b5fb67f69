"""Applies the migrations of the product and one more, in a process that a test may kill: a JSON object as argument."""

from __future__ import annotations

import json
import sys
from unittest.mock import patch

from sinks.clickhouse import migrate as migrating
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.sql_files import SqlFile, migration_files


def main() -> None:
    """The object has `connection`, `name` and `text`."""
    given = json.loads(sys.argv[1])
    one_more = SqlFile(given["name"], given["text"])
    with patch.object(migrating, "migration_files", lambda: [*migration_files(), one_more]):
        migrating.migrate(ClickHouseConnection(**given["connection"]))


if __name__ == "__main__":
    main()
