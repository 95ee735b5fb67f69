"""What statements may not do: reach beyond the tables into the server's files and processes.

chDB is clickhouse-local inside, a tool whose user owns the machine; a network client does not. Most doors
are shut by grants that the engine itself enforces (see `configuration`): table functions and engines that
read files, addresses or queues. The few that no grant covers are refused here, by the words of a statement.
"""

from __future__ import annotations

import re

from deploy.local.clickhouse.errors import DISABLED, ServerError

# Cheap first look: nearly all statements contain none of these words and are not examined further.
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
    # A quoted name can hide a function from us by escapes ("\x66ile" is file); no honest one calls so.
    return "hidden_by_escapes" if "\\" in token["name"] else token["name"][1:-1]


def guard(statement: str) -> None:
    """Let a statement pass, or say what in it this server does not offer.

    Raises:
        ServerError: 344, with the words that were found. A table or column called like a forbidden function
            and followed by a parenthesis is refused too; call it something else.
    """
    if not _SUSPECT.search(statement):
        return
    if found := _FORBIDDEN.search(_TOKEN.sub(_plain, statement)):
        what = " ".join(found["what"].split())
        raise ServerError(DISABLED, f"{what} is not available on this server (SUPPORT_IS_DISABLED)")
