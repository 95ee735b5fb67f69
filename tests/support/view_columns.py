"""The columns that the files of views declare, and how to ask a view for what it returns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sinks.clickhouse.sql_files import SqlFile

_DECLARED = re.compile(r"CREATE OR REPLACE VIEW \w+\n\(\n(.*?)\n\)\n", re.DOTALL)
_COLUMN = re.compile(r"    (\w+) +(.*?) +COMMENT '(.*)'")
_PARAMETER = re.compile(r"\{(\w+):")
_ARGUMENTS: Mapping[str, str] = {
    "first": "'2020-04-01'",
    "last": "'2020-06-01'",
    "as_of": "'2020-06-01 00:00:00'",
    "period": "'MONTH'",
    "day": "'2020-04-01'",
    "target": "'TEAM'",
    "office": "''",
    "tax_code": "'0200100107'",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a view, as its file declares it."""

    name: str
    kind: str
    comment: str


def declared_columns(file: SqlFile) -> Sequence[Column]:
    """Columns of the list behind the name of the view."""
    found = _DECLARED.search(file.text)
    assert found is not None, f"{file.name} declares no columns"
    lines = found[1].splitlines()
    columns = [Column(*parsed.groups()) for line in lines if (parsed := _COLUMN.fullmatch(line.rstrip(",")))]
    assert len(columns) == len(lines), f"{file.name} declares a column in another form"
    return columns


def called(file: SqlFile) -> str:
    """The view as a query names it, with an argument for each of its parameters."""
    names = parameters(file)
    return f"{file.name}({', '.join(f'{name} = {_ARGUMENTS[name]}' for name in names)})" if names else file.name


def parameters(file: SqlFile) -> Sequence[str]:
    """Names of the parameters of a view."""
    return sorted(set(_PARAMETER.findall(file.text)))
