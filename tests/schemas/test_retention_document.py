"""What docs/import-history.md and docs/retention.md say about how long things are kept."""

from __future__ import annotations

import re
from pathlib import Path

from deploy.settings.retention import RetentionSettings
from schemas.topics import Topic
from sinks.clickhouse.retention.limits import OF_DECLARATIONS, OF_MONTHS
from sinks.clickhouse.retention.options import LEAST_DAYS

ROOT = Path(__file__).resolve().parents[2]
RETENTION = (ROOT / "docs" / "retention.md").read_text("utf-8")
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
    """No migration makes a TTL, as docs/retention.md says; only the settings do."""
    assert "By default for ever: no table has a TTL" in RETENTION
    migrations = sorted((ROOT / "sinks" / "clickhouse" / "migrations").glob("*.sql"))
    statements = "\n".join(re.sub(r"--.*", "", path.read_text("utf-8")) for path in migrations)
    assert not re.search(r"\bTTL\b", statements)


def test_the_page_names_every_setting_and_its_tables() -> None:
    """The table of docs/retention.md has a row for each variable, with exactly the tables that it changes."""
    stated = {
        name: re.findall(r"`([a-z_]+)`", row) for name, row in re.findall(r"(?m)^\| `([A-Z_]+)` \| (.*)$", RETENTION)
    }
    assert stated == {
        RetentionSettings.variable("declarations_days"): list(OF_DECLARATIONS),
        RetentionSettings.variable("satisfaction_days"): list(OF_MONTHS),
    }
    assert f"At least {LEAST_DAYS} days" in RETENTION
