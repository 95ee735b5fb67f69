"""Inserting polars frames with the driver.

The driver writes lists, value by value; for a status that is more than a microsecond, most of it for columns of
`LowCardinality`, whose values it looks up one by one in Python. A frame's columns are laid out whole
(`sinks.clickhouse.native.columns`); the conversation with the server, and any type that is not laid out there, stay the
driver's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import polars as pl
from clickhouse_driver import Client
from clickhouse_driver.block import BlockInfo, ColumnOrientedBlock
from clickhouse_driver.columns.service import write_column
from clickhouse_driver.defines import (
    DBMS_MIN_REVISION_WITH_CUSTOM_SERIALIZATION,
    DBMS_MIN_REVISION_WITH_TEMPORARY_TABLES,
)
from clickhouse_driver.protocol import ClientPacketTypes
from clickhouse_driver.varint import write_varint
from clickhouse_driver.writer import write_binary_str

from sinks.clickhouse.native.columns import encoder


def insert_into(table: str, columns: Iterable[str]) -> str:
    """The statement that rows of these columns are sent after."""
    names = ", ".join(f"`{name}`" for name in columns)
    return f"INSERT INTO {table} ({names}) VALUES"


class FrameClient(Client):  # type: ignore[misc]  # the driver has no types
    """The driver's client, which can insert frames too."""

    def insert_frame(self, table: str, frame: pl.DataFrame, settings: Mapping[str, Any]) -> None:
        """Insert the rows of a frame as one block.

        Args:
            table: The table.
            frame: Values under the names of the table's columns; at least one row, and no nulls.
            settings: Of this statement.

        Raises:
            clickhouse_driver.errors.Error: As `execute` raises it.
            polars.exceptions.InvalidOperationError: A number does not fit its column.
        """
        self.execute(insert_into(table, frame.columns), [frame], settings=dict(settings), columnar=True)

    def send_data(
        self, sample_block: Any, data: Sequence[Any], types_check: bool = False, columnar: bool = False
    ) -> int:
        """Called by the driver as soon as the server has told the types of the columns."""
        if not (data and isinstance(data[0], pl.DataFrame)):
            return cast("int", super().send_data(sample_block, data, types_check=types_check, columnar=columnar))
        self._send_frame(sample_block.columns_with_types, data[0])
        self.receive_profile_events()
        self.connection.send_data(ColumnOrientedBlock())  # the end of the data
        self.receive_profile_events()
        return data[0].height

    def _send_frame(self, columns: Sequence[tuple[str, str]], frame: pl.DataFrame) -> None:
        """A data packet, as `Connection.send_data` and `BlockOutputStream.write` of the driver write it."""
        connection = self.connection
        revision = connection.server_info.used_revision
        write_varint(ClientPacketTypes.DATA, connection.fout)
        if revision >= DBMS_MIN_REVISION_WITH_TEMPORARY_TABLES:
            write_binary_str("", connection.fout)
        stream = connection.block_out
        out = stream.fout
        BlockInfo().write(out)
        write_varint(len(columns), out)
        write_varint(frame.height, out)
        for name, type_ in columns:
            write_binary_str(name, out)
            write_binary_str(type_, out)
            if revision >= DBMS_MIN_REVISION_WITH_CUSTOM_SERIALIZATION:
                out.write(b"\0")  # not sparse
            encode = encoder(type_)
            if encode is None:
                write_column(connection.context, name, type_, frame[name].to_list(), out)
            else:
                out.write(encode(frame[name]))
        stream.finalize()
