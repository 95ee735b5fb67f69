"""Rows of one table, ready to be inserted: in lists of values, or in encoded columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

from sinks.clickhouse.native.column_client import ColumnClient, insert_into
from sinks.clickhouse.native.columns import NativeColumn


class InsertBlock(Protocol):
    """Rows of one table."""

    @property
    def table(self) -> str:
        """The table."""

    @property
    def rows(self) -> int:
        """How many rows."""

    def concatenate(self, others: Sequence[Self]) -> Self:
        """These rows, then those of other blocks of the same table."""

    def insert(self, client: ColumnClient, settings: Mapping[str, Any]) -> None:
        """Insert them; errors are the driver's."""


@dataclass(frozen=True, slots=True)
class ListBlock:
    """Rows as a list of values for each column."""

    table: str
    columns: Sequence[str]
    data: Sequence[list[Any]]

    @property
    def rows(self) -> int:
        """As `InsertBlock.rows`."""
        return len(self.data[0])

    def concatenate(self, others: Sequence[Self]) -> Self:
        """As `InsertBlock.concatenate`."""
        data = [list(column) for column in self.data]
        for other in others:
            for column, more in zip(data, other.data, strict=True):
                column.extend(more)
        return type(self)(self.table, self.columns, data)

    def insert(self, client: ColumnClient, settings: Mapping[str, Any]) -> None:
        """As `InsertBlock.insert`."""
        statement = insert_into(self.table, self.columns)
        client.execute(statement, self.data, columnar=True, settings=dict(settings))


@dataclass(frozen=True, slots=True)
class ColumnBlock:
    """Rows as columns that are encoded as a whole."""

    table: str
    columns: Mapping[str, NativeColumn]  # values under the names of its columns, without nulls

    @property
    def rows(self) -> int:
        """As `InsertBlock.rows`."""
        return len(next(iter(self.columns.values())))

    def concatenate(self, others: Sequence[Self]) -> Self:
        """As `InsertBlock.concatenate`."""
        columns = {
            name: column.concatenate([other.columns[name] for other in others]) for name, column in self.columns.items()
        }
        return type(self)(self.table, columns)

    def insert(self, client: ColumnClient, settings: Mapping[str, Any]) -> None:
        """As `InsertBlock.insert`."""
        client.insert_columns(self.table, self.columns, settings)


def joined(blocks: Iterable[InsertBlock]) -> list[InsertBlock]:
    """Concatenate the blocks of each table; tables in the order in which they first appear."""
    by_table: dict[str, list[InsertBlock]] = {}
    for block in blocks:
        by_table.setdefault(block.table, []).append(block)
    return [first.concatenate(others) if others else first for first, *others in by_table.values()]
