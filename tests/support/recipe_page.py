"""The queries of docs/recipes.md."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from support.clickhouse_server import ROOT

PAGE = ROOT / "docs" / "recipes.md"
_RECIPE = re.compile(r"(?ms)^### (\d+)\. (.*?)$(.*?)(?=^##|\Z)")
_QUERY = re.compile(r"(?s)```sql\n(.*?)```")


@dataclass(frozen=True, slots=True)
class Recipe:
    """One query: its number on the page (with a letter where a question has several), the question, the SQL."""

    number: str
    question: str
    sql: str


def recipes() -> Sequence[Recipe]:
    """All queries in the order of the page."""
    found: list[Recipe] = []
    for number, question, text in _RECIPE.findall(PAGE.read_text("utf-8")):
        queries = _QUERY.findall(text)
        letters = ascii_lowercase if len(queries) > 1 else [""]
        found += [
            Recipe(f"{number}{letter}", question, sql.strip()) for letter, sql in zip(letters, queries, strict=False)
        ]
    return found
