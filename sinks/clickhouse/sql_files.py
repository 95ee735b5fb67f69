"""The SQL that makes our tables and views: numbered migrations, and one file for each view.

People read what is in `views`. What is in `guards` stands between these and the tables: what nobody may see is left out
there, once for all views.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from importlib.resources import files

from sinks.clickhouse.parcels import PLACE, Parcels

_CREATES = re.compile(
    r"CREATE\s+(?:OR\s+REPLACE\s+)?(?:MATERIALIZED\s+)?(?:TABLE|VIEW)\s+(?:IF\s+NOT\s+EXISTS\s+)?`?(\w+)", re.IGNORECASE
)
_ALTERS = re.compile(r"ALTER\s+TABLE\s+`?(\w+)", re.IGNORECASE)
_GUARD_SETTINGS = """
SETTINGS additional_table_filters = {}, join_use_nulls = 0, transform_null_in = 0, enable_global_with_statement = 1,
         read_overflow_mode = 'throw', set_overflow_mode = 'throw', join_overflow_mode = 'throw',
         timeout_overflow_mode = 'throw', group_by_overflow_mode = 'throw', distinct_overflow_mode = 'throw'"""
"""Of every guard: a setting of a query that filters the tables below, or cuts off a set, does not reach into it.

Arrays that a guard names by WITH are known in its subqueries, whatever the query says.
"""
_READS = re.compile(r"\b(?:FROM|JOIN)\s+`?(\w+)", re.IGNORECASE)


@dataclass(frozen=True)
class SqlFile:
    """A file of statements."""

    name: str  # file name without its ending, such as `0001_log` or `v_alerts`
    text: str

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def steps(self) -> Iterator[tuple[str, Parcels | None]]:
        """Its statements, each with the parcels in which it runs; each ends with a semicolon at the end of a line.

        Raises:
            ValueError: A directive for parcels cannot be read, or its statement has no place for them, or the reverse.
        """
        for part in f"{self.text.rstrip()}\n".split(";\n"):
            lines = [line for line in part.splitlines() if line.strip()]
            code = [line for line in lines if not line.lstrip().startswith("--")]
            if code:
                statement = "\n".join(code).removesuffix(";")
                parcels = next(filter(None, map(Parcels.parse, lines)), None)
                if (PLACE in statement) != (parcels is not None):
                    raise ValueError(f"{self.name}: {PLACE} and a directive for parcels belong together")
                yield statement, parcels

    def statements(self) -> Iterator[str]:
        """Its statements."""
        return (statement for statement, _parcels in self.steps())

    def creates(self) -> set[str]:
        """Names of the tables and views that it creates."""
        return {found[1] for found in map(_CREATES.match, self.statements()) if found}

    def changes(self) -> set[str]:
        """Names of the tables and materialized views that it changes."""
        return {found[1] for found in map(_ALTERS.match, self.statements()) if found}

    @cached_property
    def reads(self) -> set[str]:
        """Names of the tables and views that it reads."""
        return {name for statement in self.statements() for name in _READS.findall(statement)}


def migration_files() -> Sequence[SqlFile]:
    """The migrations of this version, in the order of their numbers: tables and materialized views."""
    return sorted(_files("migrations").values(), key=lambda file: file.name)


def view_files() -> Sequence[SqlFile]:
    """The views of this version, guards included, one a file; each after the views that it reads."""
    views = {**{name: _guarding(file) for name, file in _files("guards").items()}, **_files("views")}
    order = TopologicalSorter({name: sorted(file.reads & views.keys()) for name, file in sorted(views.items())})
    return [views[name] for name in order.static_order()]


def _guarding(file: SqlFile) -> SqlFile:
    """A guard with the settings that all guards have, which stand before its comment."""
    statement, comment, rest = file.text.rpartition("\nCOMMENT '")
    return SqlFile(file.name, f"{statement}{_GUARD_SETTINGS}{comment}{rest}")


def _files(folder: str) -> Mapping[str, SqlFile]:
    found = (file for file in files("sinks.clickhouse").joinpath(folder).iterdir() if file.name.endswith(".sql"))
    names = {file.name.removesuffix(".sql"): file.read_text(encoding="utf-8") for file in found}
    return {name: SqlFile(name, text) for name, text in names.items()}
