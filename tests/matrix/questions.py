"""What people ask of every view and table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException
from matrix.answers import MOVING, by_chance, digest

from sinks.clickhouse.sql_files import SqlFile, view_files

PARAMETERS = {
    "first": "'2020-05-01'",
    "last": "'2020-06-01'",
    "as_of": "'2020-07-01 00:00:00'",
    "day": "'2020-05-13'",
    "period": "'MONTH'",
    "target": "'OFFICIAL'",
    "office": "''",
}
"""Values of parameters, as people write them; that of `tax_code` is looked up."""

_TOGETHER = 4
"""Columns of a view with parameters that one question filters."""

FULL = "SELECT *"
"""Name of the question whose answer must have rows."""

_TABLES = """
SELECT name, engine FROM system.tables WHERE database = currentDatabase() AND engine NOT LIKE '%View' ORDER BY name
"""


@dataclass
class Survey:
    """What one engine answers.

    Attributes:
        answers: By view or table and question a digest; or, after `failed: `, why there is none.
    """

    client: Client
    answers: dict[tuple[str, str], str] = field(default_factory=dict)

    def ask_all(self) -> None:
        """Ask everything of every table and view."""
        for name, engine in self.client.execute(_TABLES):
            self._ask(name, FULL, f"SELECT * FROM {name} {'' if engine == 'MergeTree' else 'FINAL'}")
        for view in view_files():
            rows, columns = self._ask(view.name, FULL, f"SELECT * FROM {source(view, self.client)}")
            if view.name.startswith("v_"):
                self._ask_more(view.name, source(view, self.client), rows, columns)

    def _ask_more(self, name: str, view: str, rows: Sequence[tuple[Any, ...]], columns: Sequence[str]) -> None:
        """What people ask of a view; the guards below are read by views alone."""
        self._ask(name, "final = 1", f"SELECT * FROM {view} SETTINGS final = 1")
        self._ask(name, "count()", f"SELECT count() FROM {view}")
        # Not DESCRIBE v_x(...): only 26.9 describes a view with parameters so.
        self._ask(name, "DESCRIBE", f"DESCRIBE (SELECT * FROM {view})")
        tests = [condition(column, [row[place] for row in rows]) for place, column in enumerate(columns)]
        # Views with parameters are computed anew for each question, and most take a while to plan.
        together = _TOGETHER if "(" in view else 1
        for first in range(0, len(columns), together):
            asked = ", ".join(columns[first : first + together])
            wanted = " AND ".join(tests[first : first + together])
            self._ask(name, f"WHERE {asked}", f"SELECT {asked} FROM {view} WHERE {wanted}")

    def _ask(self, name: str, question: str, statement: str) -> tuple[list[tuple[Any, ...]], list[str]]:
        try:
            rows, types = self.client.execute(statement, with_column_types=True)
        except ServerException as error:
            text = error.message.partition("Stack trace")[0].removeprefix("DB::Exception: ").strip()
            self.answers[name, question] = f"failed: code {error.code}: {text[:300]}"
            return [], []
        columns = [column for column, _type in types]
        if question == "DESCRIBE":
            rows = [row[:2] for row in rows]
        if question == FULL and not rows:
            self.answers[name, question] = "failed: no row; tests/matrix/history.py must have some for it"
        else:
            self.answers[name, question] = digest(rows, columns, name)
        return rows, columns


def source(view: SqlFile, client: Client) -> str:
    """A view as it stands behind FROM, with its parameters."""
    names = dict.fromkeys(re.findall(r"\{(\w+):", view.text))
    if not names:
        return view.name
    values: Mapping[str, str] = PARAMETERS
    if "tax_code" in names:
        ((code,),) = client.execute("SELECT min(tax_code) FROM v_unrated_declarations WHERE tax_code != ''")
        values = {**PARAMETERS, "tax_code": f"'{code}'"}
    return f"{view.name}({', '.join(f'{name} = {values[name]}' for name in names)})"


def condition(column: str, values: Sequence[Any]) -> str:
    """A filter on a column that some of its values pass; the same for the same values in any order."""
    known = sorted((one for one in values if one is not None and not by_chance(one)), key=repr)
    if not known:
        return f"{column} IS NULL"
    if column in MOVING:
        return f"{column} IS NOT NULL"
    match known[len(known) // 2]:
        case list() | dict():
            test = f"notEmpty({column})"
        case tuple():
            test = f"{column} IS NOT NULL"
        case float() as number:
            test = f"{column} >= {number * 0.999999!r}"
        case datetime() as moment:
            test = f"{column} >= '{moment:%Y-%m-%d %H:%M:%S}'"
        case bool() | int() | Decimal() as number:
            test = f"{column} = {number!s}"
        case other:
            text = str(other).replace("\\", "\\\\").replace("'", "\\'")
            test = f"{column} = '{text}'"
    return test
