"""Refuses statements that reach beyond the tables: into the server's files and processes.

chDB is clickhouse-local inside, a tool for the owner of the machine; a network client has fewer rights. Most of
this is prevented by grants that the engine enforces (see `configuration`): table functions and engines that read
files, addresses or queues. The few that no grant covers are refused here, by the words of the statement.
"""

from __future__ import annotations

import re

from deploy.local.clickhouse.errors import DISABLED, ServerError

# A cheap first check: nearly all statements contain none of these words.
_SUSPECT = re.compile(
    r"outfile|infile|file|execut|python|catboost|source|shutdown|kill|kafka|rabbitmq|nats|\\", re.IGNORECASE
)
_TOKEN = re.compile(
    r"""
      (?P<text>   '(?:[^'\\]|\\.)*' | \u2018[^\u2019]*\u2019 | (?P<tag>\$\w*\$).*?(?P=tag) )
    | (?P<blank>  --[^\n]* | \#[ !][^\n]* | /\*.*?\*/ )
    | (?P<name>   `(?:[^`\\]|\\.)*` | "(?:[^"\\]|\\.)*" | \u201c[^\u201d]*\u201d )
    """,
    re.DOTALL | re.VERBOSE,
)
_FORBIDDEN = re.compile(
    r"""
      \b (?P<what> INTO \s+ OUTFILE | FROM \s+ INFILE
        | ENGINE \s* =? \s* (?: Kafka | FileLog | RabbitMQ | NATS | Executable\w* | File ) \b
        | (?: file | fileCluster | filesystem | executable | executablePool | python | catboostEvaluate ) \s* \(
        | SYSTEM \s+ (?: SHUTDOWN | KILL ) \b
        | SOURCE \s* \( \s* (?! CLICKHOUSE \b | NULL \b ) \w+
        | hidden_by_escapes \s* \( )
    """,
    re.IGNORECASE | re.VERBOSE,
)


def _plain(token: re.Match[str]) -> str:
    if not token["name"]:
        return " '' " if token["text"] else " "
    # Escapes in a quoted name can hide a function ("\x66ile" is file); legitimate names have none.
    return "hidden_by_escapes" if "\\" in token["name"] else token["name"][1:-1]


def guard(statement: str) -> None:
    """Refuse a statement that uses what this server does not offer.

    Raises:
        ServerError: 344, with the words found. A table or column with the name of a forbidden function, followed
            by a parenthesis, is refused too; use another name.
    """
    if not _SUSPECT.search(statement):
        return
    if found := _FORBIDDEN.search(_TOKEN.sub(_plain, statement)):
        what = " ".join(found["what"].split())
        raise ServerError(DISABLED, f"{what} is not available on this server (SUPPORT_IS_DISABLED)")
