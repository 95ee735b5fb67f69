"""Migrations are frozen: a database that has applied one never applies it again, and refuses a changed one."""

from __future__ import annotations

from support.pinned_migrations import PINNED, current, pinned


def test_no_migration_changed_since_it_was_pinned() -> None:
    """Every migration has the digest that was pinned with it, and none is missing or not pinned."""
    then, now = pinned(), current()
    changed = sorted(name for name in then.keys() & now.keys() if then[name] != now[name])
    removed, added = sorted(then.keys() - now.keys()), sorted(now.keys() - then.keys())
    assert not changed + removed, (
        f"{', '.join(changed + removed)}: frozen. Databases that have applied it refuse another text. Restore it, and "
        "write what is to change into a new file of sinks/clickhouse/migrations with the next number; views change "
        "in sinks/clickhouse/views. Only a file that was in no release yet may be pinned again: `make pin-migrations`."
    )
    assert not added, f"{', '.join(added)}: new, so pin it by `make pin-migrations`, which writes {PINNED.name}."
