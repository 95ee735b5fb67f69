"""The digests of the migrations, as they were pinned: `make pin-migrations`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from sinks.clickhouse.sql_files import migration_files

PINNED = Path(__file__).resolve().parents[2] / "sinks" / "clickhouse" / "migrations" / "digests.json"


def pinned() -> dict[str, str]:
    """SHA-256 of the text of each migration when it was pinned, by name."""
    found: dict[str, str] = json.loads(PINNED.read_text("utf-8"))
    return found


def current() -> dict[str, str]:
    """SHA-256 of the text of each migration now."""
    return {one.name: one.checksum for one in migration_files()}


def main() -> int:
    """Pin the migrations as they are."""
    before = pinned() if PINNED.exists() else {}
    now = current()
    PINNED.write_text(json.dumps(now, indent=2) + "\n", "utf-8")
    for name in sorted(before.keys() | now.keys()):
        if before.get(name) != now.get(name):
            known = "changed" if name in before and name in now else "added" if name in now else "removed"
            sys.stdout.write(f"{name}: {known}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
