"""Runs the statement of an HTTP request."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from deploy.local.clickhouse.blocks import header_block, wire_blocks
from deploy.local.clickhouse.client_session import ClientSession
from deploy.local.clickhouse.errors import BAD_ARGUMENTS, SYNTAX_ERROR, ServerError
from deploy.local.clickhouse.http_body import BODY_LIMIT, bounded
from deploy.local.clickhouse.statements import Insert, first_word, from_first_word, http_insert, split_format, trimmed

_QUERY_LIMIT: Final = 64 << 20
_USUAL_FORMAT: Final = "TabSeparated"
_SELECT = re.compile(r"\(*\s*(?:SELECT|WITH|FROM)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class HttpQuery:
    """What an HTTP client asks.

    Attributes:
        text: The statement, or its beginning, from the URL.
        body: The rest of it, or the rows of its INSERT.
        parameters: The values of `{name:Type}` in the statement.
        format: Of the result, if the statement names none.
        query_id: The client's name for the statement.
        reads_only: Whether the statement may change nothing.
        left: Whether the client has hung up.
    """

    text: str
    body: Iterator[bytes]
    parameters: Mapping[str, str]
    format: str
    query_id: str
    reads_only: bool
    left: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class QueryAnswer:
    """The result of a statement; a reading statement runs while its pieces are read."""

    pieces: Generator[bytes, None, None]
    format: str


def answer(session: ClientSession, query: HttpQuery) -> QueryAnswer:
    """Run the statement that is the query's text followed by its body.

    Raises:
        ServerError: the statement failed. A reading statement fails while its pieces are read.
    """
    text = from_first_word(query.text)
    if insert := http_insert(text):
        return _insert(session, query, insert, text, query.body)
    rest = b"".join(bounded(query.body, _QUERY_LIMIT))
    whole = (text.encode() + b"\n" + rest) if text else rest
    # Rows in a binary format may follow an INSERT: decoding must not change them.
    text = from_first_word(whole.decode(errors="surrogateescape"))
    if insert := http_insert(text):
        return _insert(session, query, insert, text, ())
    return _run(session, query, trimmed(whole.decode()))


def _insert(session: ClientSession, query: HttpQuery, insert: Insert, text: str, body: Iterable[bytes]) -> QueryAnswer:
    """Store rows in any format, once the body is complete."""
    session.admitted(text[: insert.end], reads_only=query.reads_only)
    with session.running(query.query_id), session.engine.spool() as spool:
        spool.write(text[insert.end :].encode(errors="surrogateescape"))
        for piece in bounded(body, BODY_LIMIT):
            spool.write(piece)
        if not spool.size:
            session.insert_header(insert)  # without rows too, an unknown table is an error
        session.store(insert, spool)
    return QueryAnswer(_whole(b""), _USUAL_FORMAT)


def _run(session: ClientSession, query: HttpQuery, statement: str) -> QueryAnswer:
    statement = session.admitted(statement, reads_only=query.reads_only)
    if session.has_many(statement):
        raise ServerError(SYNTAX_ERROR, "Syntax error: Multi-statements are not allowed (SYNTAX_ERROR)")
    bare, format_ = split_format(statement)
    format_ = format_ or query.format or _USUAL_FORMAT
    if not re.fullmatch(r"\w+", format_):
        raise ServerError(BAD_ARGUMENTS, "Malformed format name (BAD_ARGUMENTS)")
    # SHOW is left out: the engine rewrites it and forgets where its result should go.
    if _SELECT.match(bare) and session.reads(bare):
        bare = _alone(session, bare)
        stream = _native(session, query, bare) if format_ == "Native" else _formatted(session, query, bare, format_)
        return QueryAnswer(stream, format_)
    with session.running(query.query_id):
        result = session.run(bare, "Null" if first_word(bare) == "INSERT" else format_, query.parameters)
    return QueryAnswer(_whole(bytes(result.bytes())), format_)


def _alone(session: ClientSession, select: str) -> str:
    """A SELECT without the semicolon, and the comment behind it, which would end what we append."""
    head, _, tail = select.rpartition(";")
    return head if head and not from_first_word(tail) and session.reads(head) else select


def _whole(body: bytes) -> Generator[bytes, None, None]:
    yield body


def _formatted(session: ClientSession, query: HttpQuery, select: str, format_: str) -> Generator[bytes, None, None]:
    with (
        session.running(query.query_id, query.left),
        closing(session.formatted(select, format_, query.parameters)) as pieces,
    ):
        yield from pieces


def _native(session: ClientSession, query: HttpQuery, select: str) -> Generator[bytes, None, None]:
    """Native output as a server sends it: with time zones, and with columns even without rows."""
    info = len(header_block([], 0)) - 2  # plain Native has no BlockInfo before its two counts
    with session.running(query.query_id, query.left):
        header = session.describe(f"({select})", query.parameters)
        empty = True
        with closing(session.stream(select, query.parameters)) as stream:
            for native in stream:
                for wire, _ in wire_blocks(native, header, 0):
                    empty = False
                    yield wire[info:]
        if empty:
            yield header_block(header, 0)[info:]
