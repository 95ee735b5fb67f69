"""The native protocol: what the server does with each packet of a client."""

from __future__ import annotations

import json
import re
import socket
from contextlib import closing, suppress
from typing import Final

from clickhouse_driver.protocol import ClientPacketTypes, ServerPacketTypes

from deploy.local.clickhouse.accounts import authenticated
from deploy.local.clickhouse.blocks import NativeBlock, header_block, wire_blocks
from deploy.local.clickhouse.client_session import ClientSession
from deploy.local.clickhouse.connection import Connection
from deploy.local.clickhouse.counts import Counts
from deploy.local.clickhouse.engine import Engine
from deploy.local.clickhouse.errors import CANCELLED, UNEXPECTED_PACKET, UNKNOWN_PACKET, ProtocolError, ServerError
from deploy.local.clickhouse.packets import Query, read_hello, read_query
from deploy.local.clickhouse.statements import Insert, first_word, native_insert, split_format, trimmed
from deploy.local.clickhouse.wire import string
from schemas.codec.varint import varint
from sinks.clickhouse.quoting import quoted

HANDSHAKE_SECONDS: Final = 10.0
_SELECTS: Final = frozenset({"SELECT", "WITH", "FROM"})
_TABULAR: Final = frozenset({"SHOW", "EXPLAIN", "DESCRIBE", "DESC", "EXISTS", "CHECK"})
_OUTFILE = re.compile(r"\s+INTO\s+OUTFILE\s+'[^']*'\s*$", re.IGNORECASE)
_TABLES_LIMIT: Final = 1000
_QUIET_NS: Final = 50_000_000  # so long a statement's progress waits for its result, in the same packet


def serve_client(engine: Engine, sock: socket.socket) -> None:
    """Serve one client until it disconnects."""
    connection = Connection(sock)
    with closing(connection), suppress(EOFError, OSError):
        try:
            session = _handshake(engine, connection)
            with closing(session):
                Native(connection, session).serve()
        except ServerError as error:
            # After a broken packet the stream cannot be parsed: report the error and disconnect.
            connection.send_error(error)


def _handshake(engine: Engine, connection: Connection) -> ClientSession:
    connection.limit_time(HANDSHAKE_SECONDS)
    connection.revision, database, user, password = read_hello(connection.reader)
    session = ClientSession(engine, authenticated(engine.accounts, user, password), database)
    try:
        connection.send_hello(engine.time_zone)
        if connection.revision >= 54458:
            connection.reader.raw_string()  # addendum: quota key
        connection.limit_time(None)
    except BaseException:
        session.close()
        raise
    return session


class Native:
    """The conversation with one authenticated client."""

    def __init__(self, connection: Connection, session: ClientSession) -> None:
        self._client = connection
        self._session = session
        self._reported = Counts()
        session.on_progress = self._progress

    def serve(self) -> None:
        """Answer packets until the client closes (``EOFError``, ``OSError``) or breaks the protocol."""
        reader = self._client.reader
        while True:
            kind = reader.varint()
            if kind == ClientPacketTypes.QUERY:
                self._query(read_query(reader, self._client.revision))
            elif kind == ClientPacketTypes.PING:
                self._client.send(varint(ServerPacketTypes.PONG))
                self._client.flush()
            elif kind == ClientPacketTypes.DATA:
                self._client.read_data()  # rows that were already sent when their INSERT was refused
            elif kind == ClientPacketTypes.TABLES_STATUS_REQUEST:
                self._tables_status()
            elif kind != ClientPacketTypes.CANCEL:  # a cancel may arrive just after its query has ended
                text = f"Unknown packet {kind} from client (UNKNOWN_PACKET_FROM_CLIENT)"
                raise ProtocolError(UNKNOWN_PACKET, text)

    def _tables_status(self) -> None:
        """Tell a `remote()` of another server that its tables are not replicated."""
        reader = self._client.reader
        count = min(reader.varint(), _TABLES_LIMIT)
        tables = [(reader.string(), reader.string()) for _ in range(count)]
        parts = [string(database) + string(table) + b"\0" for database, table in tables]
        self._client.send(varint(ServerPacketTypes.TABLES_STATUS_RESPONSE), varint(count), *parts)
        self._client.flush()

    def _progress(self) -> None:
        """Tell the client how far its statement is: the engine asks every tenth of a second, and at the end."""
        counts = self._session.counts
        with suppress(OSError):  # that the client is gone is noticed elsewhere
            self._client.send_progress(counts.since(self._reported))
            self._reported = counts
            if counts.elapsed_ns > _QUIET_NS:
                self._client.flush()

    def _query(self, query: Query) -> None:
        self._client.compressed = query.compressed
        external: list[str] = []
        try:
            self._external_tables(external)
            self._reported = Counts()
            self._answer(query)
            self._client.send(varint(ServerPacketTypes.END_OF_STREAM))
            self._client.flush()
        except (EOFError, OSError, ProtocolError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever fails inside one query is that query's error
            self._failed(ServerError.of(error))
        finally:
            for table in external:
                self._session.drop_temporary(table)

    def _failed(self, error: ServerError) -> None:
        if error.code == CANCELLED and self._client.abandons():
            self._client.send(varint(ServerPacketTypes.END_OF_STREAM))  # who cancels expects no error
            self._client.flush()
        else:
            self._client.send_error(error)

    def _answer(self, query: Query) -> None:
        self._session.apply(query.settings)
        zone = query.settings.get("session_timezone")
        if zone and self._client.revision >= 54464:
            self._client.send(varint(ServerPacketTypes.TIMEZONE_UPDATE), string(zone.value))
        statement = trimmed(query.text)
        word = first_word(statement)
        if word != "INSERT":
            # FORMAT and INTO OUTFILE at the end are for the client: it writes that file.
            statement = _OUTFILE.sub("", split_format(statement)[0])
        statement = self._session.admitted(statement)
        insert = native_insert(statement) if word == "INSERT" else None
        # An INSERT with rows ends by itself, and the bytes that wait may be its rows.
        with self._session.running(query.query_id, (lambda: False) if insert else self._client.abandons):
            if insert:
                self._insert(insert)
            elif word in _SELECTS:
                self._select(statement, query.parameters)
            else:
                self._run(statement, query.parameters, tabular=word in _TABULAR)

    def _external_tables(self, names: list[str]) -> None:
        """Read the external tables of a query, up to the empty block; add their names to `names`."""
        problem: ServerError | None = None
        while True:
            block, table = self._next_data()
            if not block.header:
                break
            try:
                if table not in names:
                    self._session.temporary_table(table, block.header)
                    names.append(table)
                with self._session.engine.spool() as spool:
                    spool.write(block.native)
                    self._session.store(Insert(quoted(table), "", "", "Native", 0), spool)
            except ServerError as error:
                problem = error  # continue reading: the client sends everything before it reads
        if problem:
            raise problem

    def _next_data(self) -> tuple[NativeBlock, str]:
        kind = self._client.reader.varint()
        if kind == ClientPacketTypes.CANCEL:
            raise ServerError(CANCELLED, "Query was cancelled (QUERY_WAS_CANCELLED)")
        if kind != ClientPacketTypes.DATA:
            raise ProtocolError(UNEXPECTED_PACKET, "Expected Data (UNEXPECTED_PACKET_FROM_CLIENT)")
        table, block = self._client.read_data()
        return block, table

    def _insert(self, insert: Insert) -> None:
        """Read rows up to the empty block and store them all; only then is the client acknowledged."""
        client = self._client
        client.send_block(header_block(self._session.insert_header(insert), client.revision))
        client.flush()
        problem: ServerError | None = None
        with self._session.engine.spool() as spool:
            while (block := self._next_data()[0]).header:
                if client.revision >= 54456:
                    client.send_empty(ServerPacketTypes.PROFILE_EVENTS)  # the client waits for it after each block
                    client.flush()
                if block.rows and not problem:
                    try:
                        spool.write(block.native)
                    except ServerError as error:
                        problem = error  # continue reading: the client sends everything before it reads
            if client.revision >= 54456:
                client.send_empty(ServerPacketTypes.PROFILE_EVENTS)
            if problem:
                raise problem
            counts = self._session.store(insert, spool)  # the parts are committed when this returns
        if client.revision >= 54420:  # the oldest clients expect no progress here
            client.send_progress(counts)

    def _select(self, statement: str, parameters: dict[str, str]) -> None:
        client = self._client
        # chDB sends nothing for an empty result, so the columns are described first. If that fails, the query
        # fails too, with a better message.
        header = None
        with suppress(ServerError):
            header = self._session.describe(f"({statement})", parameters)
            client.send_block(header_block(header, client.revision))
        rows = blocks = size = 0
        with closing(self._session.stream(statement, parameters)) as stream:
            for native in stream:
                for wire, count in wire_blocks(native, header, client.revision):
                    client.send_block(wire)
                    rows, blocks, size = rows + count, blocks + 1, size + len(wire)
                client.flush()
                if client.has_input() and client.reader.peek() == ClientPacketTypes.CANCEL:
                    client.reader.skip(1)
                    break
        client.send_profile(rows, blocks, size)
        client.send_empty()

    def _run(self, statement: str, parameters: dict[str, str], *, tabular: bool) -> None:
        client = self._client
        result = self._session.run(statement, "Native", parameters)
        native = result.bytes()
        if tabular and not native:
            meta = json.loads(self._session.run(statement, "JSONCompact", parameters).bytes())["meta"]
            client.send_block(header_block([(column["name"], column["type"]) for column in meta], client.revision))
        for wire, _ in wire_blocks(native, None, client.revision):
            client.send_block(wire)
