"""The conditions for what is dropped."""

from __future__ import annotations

import pytest
from clickhouse_driver import Client

from schemas.errors import ConfigurationError
from schemas.topics import Topic
from sinks.clickhouse.retention.limits import OF_DECLARATIONS, OF_MONTHS, Limits
from sinks.clickhouse.retention.options import Retention


def test_nothing_is_dropped_without_a_limit() -> None:
    """Neither rows nor positions."""
    assert Limits().conditions() == {}
    assert not any(Limits().old_position(topic) for topic in Topic)


def test_imports_and_exports_have_limits_of_their_own() -> None:
    """Imports below one number, exports below the other, and the same in hundred thousands for positions."""
    limits = Limits(imports=10_700_000_000, exports=30_100_000_000)
    rows = limits.conditions()
    assert rows.keys() == set(OF_DECLARATIONS)
    assert rows["rating"] == (
        "(declaration < 10700000000) OR ((declaration >= 20000000000) AND (declaration < 30100000000))"
    )
    assert limits.old_position(Topic.RATING) == "(era < 107000) OR ((era >= 200000) AND (era < 301000))"
    assert Limits(imports=10_700_000_000).old_declaration() == "declaration < 10700000000"
    assert Limits(exports=30_100_000_000).old_declaration() == (
        "(declaration >= 20000000000) AND (declaration < 30100000000)"
    )


def test_windows_are_dropped_by_month() -> None:
    """Months are whole, as the partitions are."""
    limits = Limits(month=202405)
    assert limits.conditions().keys() == OF_MONTHS.keys()
    assert limits.conditions()["pane"] == "toYYYYMM(window_end) < 202405"
    assert limits.old_position(Topic.SATISFACTION) == "era < 202405"
    assert not limits.old_position(Topic.DECLARATION_STATUS)


def test_too_short_a_time_is_refused() -> None:
    """Satisfaction now needs 30 days, and months go as a whole."""
    with pytest.raises(ConfigurationError, match="satisfaction_days must be at least 62"):
        Retention(satisfaction_days=61)


KEPT = {
    "complaint": "the files of a case have terms of their own",
    "complaint_sheet": "it protects people as long as their complaints are kept",
}
"""Tables that hold a declaration and keep their rows, and why."""


def test_every_table_of_declarations_has_a_limit_or_a_reason(database: Client) -> None:
    """A new copy of declarations follows its source, unless the list above says why not."""
    found = database.execute(
        "SELECT DISTINCT table FROM system.columns AS c INNER JOIN system.tables AS t"
        " ON t.database = c.database AND t.name = c.table"
        " WHERE c.database = currentDatabase() AND c.name = 'declaration' AND t.engine LIKE '%MergeTree'"
    )
    assert {name for (name,) in found} == {*OF_DECLARATIONS, *KEPT}
