"""Rows of one table, as they are inserted: in lists of values, or in a frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import polars as pl

from sinks.clickhouse.native.frame_client import FrameClient, insert_into


class Block(Protocol):
    """Rows of one table."""

    @property
    def table(self) -> str:
        """The table."""

    @property
    def rows(self) -> int:
        """How many rows."""

    def with_all(self, others: Sequence[Self]) -> Self:
        """These rows, and after them those of other blocks of the same table."""

    def insert(self, client: FrameClient, settings: Mapping[str, Any]) -> None:
        """Insert them; what goes wrong is raised as the driver raises it."""


@dataclass(frozen=True, slots=True)
class ListBlock:
    """Rows as one list of values for each column.

    Attributes:
        table: The table.
        columns: Its columns, in order.
        data: Their values.
    """

    table: str
    columns: Sequence[str]
    data: Sequence[list[Any]]

    @property
    def rows(self) -> int:
        """As `Block.rows`."""
        return len(self.data[0])

    def with_all(self, others: Sequence[Self]) -> Self:
        """As `Block.with_all`."""
        data = [list(column) for column in self.data]
        for other in others:
            for column, more in zip(data, other.data, strict=True):
                column.extend(more)
        return type(self)(self.table, self.columns, data)

    def insert(self, client: FrameClient, settings: Mapping[str, Any]) -> None:
        """As `Block.insert`."""
        statement = insert_into(self.table, self.columns)
        client.execute(statement, self.data, columnar=True, settings=dict(settings))


@dataclass(frozen=True, slots=True)
class FrameBlock:
    """Rows as a frame.

    Attributes:
        table: The table.
        frame: Values under the names of its columns, without nulls; times are epoch milliseconds.
    """

    table: str
    frame: pl.DataFrame

    @property
    def rows(self) -> int:
        """As `Block.rows`."""
        return self.frame.height

    def with_all(self, others: Sequence[Self]) -> Self:
        """As `Block.with_all`."""
        return type(self)(self.table, pl.concat([self.frame, *(other.frame for other in others)]))

    def insert(self, client: FrameClient, settings: Mapping[str, Any]) -> None:
        """As `Block.insert`."""
        client.insert_frame(self.table, self.frame, settings)


def joined(blocks: Iterable[Block]) -> list[Block]:
    """Blocks of the same table put together, tables in the order in which they first appear."""
    by_table: dict[str, list[Block]] = {}
    for block in blocks:
        by_table.setdefault(block.table, []).append(block)
    return [first.with_all(others) if others else first for first, *others in by_table.values()]
