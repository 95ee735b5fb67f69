"""Runs the statement of an HTTP request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from deploy.local.clickhouse.blocks import header_block, wire_blocks
from deploy.local.clickhouse.client_session import ClientSession, Counts
from deploy.local.clickhouse.errors import BAD_ARGUMENTS, ServerError
from deploy.local.clickhouse.guard import guard
from deploy.local.clickhouse.http_body import BODY_LIMIT, bounded
from deploy.local.clickhouse.statements import Insert, first_word, from_first_word, http_insert, split_format, trimmed

_QUERY_LIMIT: Final = 64 << 20
_SELECT = re.compile(r"\(*\s*(?:SELECT|WITH|FROM)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class QueryAnswer:
    """The result of a statement."""

    body: bytes = b""
    format: str = "TabSeparated"
    counts: Counts = field(default_factory=Counts)


def answer(
    session: ClientSession, query: str, body: Iterator[bytes], arguments: Mapping[str, str], accepted: str
) -> QueryAnswer:
    """Run the statement that is `query` followed by `body`.

    Args:
        session: of this request.
        query: the statement, or its beginning, from the URL.
        body: the rest of it, or the rows of its INSERT.
        arguments: of the URL; ``param_x`` and ``default_format`` are used here.
        accepted: the format asked for in a header, if any.
    """
    query = from_first_word(query)
    if insert := _insert_of(query):
        return _insert(session, insert, query[insert.end :].encode(), body)
    rest = b"".join(bounded(body, _QUERY_LIMIT))
    return _run(session, (query.encode() + b"\n" + rest) if query else rest, arguments, accepted)


def _insert_of(text: str) -> Insert | None:
    """The INSERT at the start of a text that is followed by its rows, if there is one."""
    insert = http_insert(text)
    if insert:
        guard(text[: insert.end])
    return insert


def _insert(session: ClientSession, insert: Insert, head: bytes, body: Iterable[bytes]) -> QueryAnswer:
    """Store rows in any format, once the body is complete."""
    with session.engine.spool() as spool:
        spool.write(head)
        for piece in bounded(body, BODY_LIMIT):
            spool.write(piece)
        if not spool.size:
            session.insert_header(insert)  # without rows too, an unknown table is an error
        return QueryAnswer(counts=session.store(insert, spool))


def _run(session: ClientSession, text: bytes, arguments: Mapping[str, str], accepted: str) -> QueryAnswer:
    # Rows in a binary format may follow an INSERT: decoding must not change them.
    lenient = from_first_word(text.decode(errors="surrogateescape"))
    if insert := _insert_of(lenient):
        return _insert(session, insert, lenient[insert.end :].encode(errors="surrogateescape"), ())
    statement = trimmed(text.decode())
    guard(statement)
    parameters = {name[6:]: value for name, value in arguments.items() if name.startswith("param_")}
    if first_word(statement) == "INSERT":
        return QueryAnswer(counts=Counts.of(session.run(statement, "Null", parameters)))
    bare, format_ = split_format(statement)
    format_ = format_ or accepted or arguments.get("default_format") or "TabSeparated"
    if not re.fullmatch(r"\w+", format_):
        raise ServerError(BAD_ARGUMENTS, "Malformed format name (BAD_ARGUMENTS)")
    result = session.run(bare, format_, parameters)
    out = bytes(result.bytes())
    if format_ == "Native" and _SELECT.match(bare):
        out = _native(session, bare, parameters, out)
    return QueryAnswer(out, format_, Counts.of(result))


def _native(session: ClientSession, query: str, parameters: dict[str, str], native: bytes) -> bytes:
    """Native output as a server sends it: with time zones, and with columns even without rows."""
    header = session.describe(f"({query})", parameters)
    info = len(header_block([], 0)) - 2  # plain Native has no BlockInfo before its two counts
    if not native:
        return header_block(header, 0)[info:]
    return b"".join(wire[info:] for wire, _ in wire_blocks(native, header, 0))
