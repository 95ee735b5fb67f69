"""The page of recipes: its queries are short, read views alone, and run."""

from __future__ import annotations

import re

import pytest
from clickhouse_driver import Client
from support.recipe_check import ANSWERS
from support.recipe_page import recipes

from sinks.clickhouse.sql_files import view_files


def test_each_recipe_is_short_and_reads_views_alone() -> None:
    """Twenty-five questions, each query at most five lines, naming no table; each has an answer to be held against."""
    views = {file.name for file in view_files()}
    assert {int(re.sub(r"\D", "", one.number)) for one in recipes()} == set(range(1, 26))
    assert [one.number for one in recipes()] == sorted(
        ANSWERS, key=lambda number: (int(re.sub(r"\D", "", number)), number)
    )
    for one in recipes():
        assert len(one.sql.splitlines()) <= 5, one.number
        assert set(re.findall(r"\b(?:FROM|JOIN)\s+(\w+)", one.sql)) <= views, one.number


@pytest.mark.long
@pytest.mark.servers
def test_each_recipe_runs_on_a_database_without_events(database: Client) -> None:
    """No query fails where there is nothing to count yet."""
    for one in recipes():
        database.execute(one.sql)
