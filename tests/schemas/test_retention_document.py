"""What docs/import-history.md says about how long things are kept."""

from __future__ import annotations

import re
from pathlib import Path

from schemas.topics import Topic

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "import-history.md").read_text("utf-8")


def test_the_page_states_the_retention_of_every_topic() -> None:
    """Every topic stands in one row of the table, with its days; compacted ones stand together."""
    table = PAGE.split("## What is kept how long")[1].split("The time counts from")[0]
    stated: dict[str, str] = {}
    for names, kept in re.findall(r"(?m)^\| (`.*`) \| (.*) \|$", table):
        for name in re.findall(r"`([\w-]+)`", names):
            assert name not in stated, name
            stated[name] = kept
    assert stated.keys() == {topic.subject for topic in Topic}
    for topic in Topic:
        days = topic.value.retention_days
        assert stated[topic.subject].startswith("the latest state" if days is None else f"{days:,} days"), topic


def test_clickhouse_deletes_nothing_by_itself() -> None:
    """The page says that no table has a TTL."""
    assert "No table has a TTL" in PAGE
    migrations = sorted((ROOT / "sinks" / "clickhouse" / "migrations").glob("*.sql"))
    statements = "\n".join(re.sub(r"--.*", "", path.read_text("utf-8")) for path in migrations)
    assert not re.search(r"\bTTL\b", statements)
