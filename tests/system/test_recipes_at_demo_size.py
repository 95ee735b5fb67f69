"""What the recipes answer about the demo, held against the raw tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.demo_database import demo_database
from support.raw_history import RawHistory
from support.recipe_check import check
from support.recipe_page import recipes

from sinks.clickhouse.client import session


@pytest.mark.long
@pytest.mark.servers
def test_every_recipe_answers_what_the_raw_tables_say(tmp_path: Path) -> None:
    """Each query of docs/recipes.md gives the rows that a computation in Python makes of the raw tables of the demo."""
    with demo_database(tmp_path) as connection, session(connection, timeout_s=600) as client:
        raw = RawHistory(client)
        for one in recipes():
            rows, columns = client.execute(one.sql, with_column_types=True)
            check(one.number, [name for name, _kind in columns], rows, raw)
