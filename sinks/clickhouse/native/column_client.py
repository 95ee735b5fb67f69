"""Inserting columns with the driver.

The driver writes lists, value by value; for a status that is more than a microsecond, most of it for columns of
`LowCardinality`, whose values it looks up one by one in Python. Here a column is written as a whole
(`sinks.clickhouse.native.columns`). The conversation with the server, and any other type, stay the driver's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

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

from sinks.clickhouse.native.columns import NativeColumn


def insert_into(table: str, columns: Iterable[str]) -> str:
    """The INSERT statement that is followed by rows of these columns."""
    names = ", ".join(f"`{name}`" for name in columns)
    return f"INSERT INTO {table} ({names}) VALUES"


class ColumnClient(Client):  # type: ignore[misc]  # the driver has no types
    """The driver's client, which can also insert encoded columns.

    Attributes:
        cluster: Name of the cluster that the server belongs to; empty: it stands alone.
    """

    cluster = ""

    def insert_columns(self, table: str, columns: Mapping[str, NativeColumn], settings: Mapping[str, Any]) -> None:
        """Insert rows as one block.

        Args:
            table: The table.
            columns: Values under the names of the table's columns, at least one row.
            settings: Settings of this statement.

        Raises:
            clickhouse_driver.errors.Error: As `execute` raises it.
            OverflowError: A number does not fit its column.
        """
        self.execute(insert_into(table, columns), [columns], settings=dict(settings), columnar=True)

    def send_data(
        self, sample_block: Any, data: Sequence[Any], types_check: bool = False, columnar: bool = False
    ) -> int:
        """Called by the driver as soon as the server has named the types of the columns."""
        if not (data and isinstance(data[0], Mapping)):
            return cast("int", super().send_data(sample_block, data, types_check=types_check, columnar=columnar))
        rows = self._send_block(sample_block.columns_with_types, data[0])
        self.receive_profile_events()
        self.connection.send_data(ColumnOrientedBlock())  # the end of the data
        self.receive_profile_events()
        return rows

    def _send_block(self, types: Sequence[tuple[str, str]], columns: Mapping[str, NativeColumn]) -> int:
        """Write a data packet as `Connection.send_data` and `BlockOutputStream.write` of the driver do."""
        connection = self.connection
        revision = connection.server_info.used_revision
        write_varint(ClientPacketTypes.DATA, connection.fout)
        if revision >= DBMS_MIN_REVISION_WITH_TEMPORARY_TABLES:
            write_binary_str("", connection.fout)
        stream = connection.block_out
        out = stream.fout
        rows = len(columns[types[0][0]])
        BlockInfo().write(out)
        write_varint(len(types), out)
        write_varint(rows, out)
        for name, type_ in types:
            write_binary_str(name, out)
            write_binary_str(type_, out)
            if revision >= DBMS_MIN_REVISION_WITH_CUSTOM_SERIALIZATION:
                out.write(b"\0")  # not sparse
            encoded = columns[name].encode(type_)
            if encoded is None:
                write_column(connection.context, name, type_, columns[name].values(), out)
            else:
                out.write(encoded)
        stream.finalize()
        return rows
