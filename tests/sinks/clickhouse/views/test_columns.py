"""What columns of views are called, what is said about them, and that the data dictionary knows them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from clickhouse_driver import Client
from support.clickhouse_server import ROOT
from support.view_columns import called, declared_columns, parameters

from sinks.clickhouse.sql_files import SqlFile, view_files

READ_BY_PEOPLE: Sequence[SqlFile] = [file for file in view_files() if file.name.startswith("v_")]
"""Views without the guards below them, which nobody reads but views."""

_WRAPPED = re.compile(r"(?:Nullable|LowCardinality)\((.*)\)")
_NUMBER = re.compile(r"U?Int\d+|Decimal\(\d+")
_DICTIONARY_ROW = re.compile(r"(?m)^\| `(v_\w+)(?:\([^`]*\))?` \|(.*)\|$")


def family(kind: str) -> str:
    """A type without what makes no difference to a reader: NULLs, storage and width."""
    while wrapped := _WRAPPED.fullmatch(kind):
        kind = wrapped[1]
    return _NUMBER.sub("number", kind)


@pytest.mark.servers
def test_every_column_of_every_view_has_its_comment(database: Client) -> None:
    """Each view returns the columns that its file declares, and ClickHouse shows the comment of each."""
    statement = "SELECT name, comment FROM system.columns WHERE database = currentDatabase() AND table = %(view)s"
    for file in READ_BY_PEOPLE:
        columns = declared_columns(file)
        returned = database.execute(f"DESCRIBE (SELECT * FROM {called(file)})")
        assert [row[0] for row in returned] == [one.name for one in columns], file.name
        assert all(one.comment for one in columns), file.name
        if called(file) == file.name:
            shown = dict(database.execute(statement, {"view": file.name}))
            assert shown == {one.name: one.comment for one in columns}, file.name
        else:  # ClickHouse keeps no columns of a view with parameters; its statement is what readers see
            ((created,),) = database.execute(f"SHOW CREATE TABLE {file.name}")
            assert not [one.name for one in columns if one.comment not in created], file.name


def test_a_name_means_the_same_in_all_views() -> None:
    """Columns of one name have one comment, up to what is special to a view (after `;`), and one kind of value."""
    meanings: dict[str, tuple[str, str, str]] = {}
    for file in READ_BY_PEOPLE:
        for column in declared_columns(file):
            meaning = (column.comment.partition(";")[0], family(column.kind))
            *first, view = meanings.setdefault(column.name, (*meaning, file.name))
            assert tuple(first) == meaning, f"{column.name} in {view} and in {file.name}"


def test_the_data_dictionary_names_each_view_and_none_of_its_columns_wrongly() -> None:
    """The page has one row for each view; what it names there in code that looks like a column, is one of the view."""
    rows = dict(_DICTIONARY_ROW.findall((ROOT / "docs" / "data-dictionary.md").read_text("utf-8")))
    files = {file.name: file for file in READ_BY_PEOPLE}
    assert rows.keys() == files.keys()
    for view, row in rows.items():
        known = {one.name for one in declared_columns(files[view])} | set(parameters(files[view]))
        assert set(re.findall(r"`([a-z]\w*)`", row)) - files.keys() <= known, view
