"""With whose rights views read: those who query a view then need no right on the tables below it.

A view is made with `SQL SECURITY DEFINER`. A materialized view is defined by the user who runs `hailong migrate`: it
copies rows when the sink inserts them, and must obey the settings of that insert. A plain view is defined by the user
that the connection names (`view_definer`): ClickHouse runs the view with the settings of the query, as far as the
definer may change them. A definer with `readonly = 1` keeps settings such as `additional_table_filters`, which ask a
table about columns that the view hides, out of the view (docs/clickhouse-rights.md).

A statement must say so itself: servers ignore the settings `default_view_definer` and `default_*_view_sql_security` for
statements that do not (`ignore_empty_sql_security_in_create_view_query`, true by default from 24.2 to 26.9).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from sinks.clickhouse.cluster.replicas import execute_everywhere
from sinks.clickhouse.native.column_client import ColumnClient
from sinks.clickhouse.quoting import quoted

# The list of columns, if there is one, comes before the definer.
_PLAIN = re.compile(
    r"CREATE\s+(?:OR\s+REPLACE\s+)?VIEW\s+(?:IF\s+NOT\s+EXISTS\s+)?`?\w+`?(?:\s*\(\n.*?\n\))?",
    re.IGNORECASE | re.DOTALL,
)
_MATERIALIZED = re.compile(
    r"CREATE\s+MATERIALIZED\s+VIEW\s+(?:IF\s+NOT\s+EXISTS\s+)?`?\w+`?\s+TO\s+`?\w+`?", re.IGNORECASE
)


def with_definer(statement: str, view_definer: str, migrator: str | None = None) -> str:
    """A statement that creates a view, with the user whose rights the view has; any other one as it is.

    Args:
        statement: One statement.
        view_definer: Of plain views; empty: the user who runs the statement.
        migrator: Name of that user, for a cluster: its other servers run the statement out of a queue, as nobody.
    """
    current = "CURRENT_USER" if migrator is None else quoted(migrator)
    if found := _PLAIN.match(statement):
        definer = quoted(view_definer) if view_definer else current
    elif found := _MATERIALIZED.match(statement):
        definer = current
    else:
        return statement
    return f"{found[0]} DEFINER = {definer} SQL SECURITY DEFINER{statement[found.end() :]}"


def redefine(client: ColumnClient, views: Collection[str], view_definer: str) -> Iterator[str]:
    """Give views that have another definer the right one: theirs may have been dropped, and then nobody can read them.

    Args:
        client: Connected to the database.
        views: Names of the views of ours.
        view_definer: As above.

    Yields:
        Each view that was changed, in words.
    """
    found: list[tuple[str, str]] = client.execute(
        "SELECT name, if(engine = 'View' AND %(definer)s != '', %(definer)s, currentUser()) AS wanted"
        " FROM system.tables WHERE database = currentDatabase()"
        # Of a user from a directory such as LDAP, ClickHouse keeps the rights in a user `NAME:definer`.
        " AND engine IN ('View', 'MaterializedView') AND definer NOT IN (wanted, concat(wanted, ':definer'))"
        " ORDER BY name",
        {"definer": view_definer},
    )
    for name, definer in found:
        if name in views:
            statement = f"ALTER TABLE {quoted(name)} MODIFY DEFINER = {quoted(definer)} SQL SECURITY DEFINER"
            execute_everywhere(client, statement)
            yield f"definer of {name}"
