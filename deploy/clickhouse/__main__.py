"""Prints the rights for a database: `python -m deploy.clickhouse roles.sql --database hailong`."""

from __future__ import annotations

import argparse
import re
import sys

from deploy.clickhouse.files import FILES
from sinks.clickhouse.connection import ClickHouseConnection

_DATABASE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
"""As HAILONG_CLICKHOUSE_DATABASE allows it: it needs no quotes in a grant."""


def main() -> None:
    """Print one of the files."""
    parser = argparse.ArgumentParser(prog="python -m deploy.clickhouse", description=__doc__)
    parser.add_argument("file", choices=FILES, help="which of the files")
    parser.add_argument("--database", default=ClickHouseConnection.__dataclass_fields__["database"].default)
    arguments = parser.parse_args()
    if not _DATABASE.fullmatch(arguments.database):
        parser.error(f"{arguments.database!r} is no name that HAILONG_CLICKHOUSE_DATABASE allows")
    sys.stdout.write(FILES[arguments.file](arguments.database))


if __name__ == "__main__":
    main()
