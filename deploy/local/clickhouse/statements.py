"""Parses a statement just enough to know how to answer it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from deploy.local.clickhouse.columns import split_arguments

_COMMENTS = re.compile(r"(?:--[^\n]*(?:\n|$)|#[ !][^\n]*(?:\n|$)|/\*.*?\*/|\s)*", re.DOTALL)
_FIRST_WORD = re.compile(r"[(\s]*(\w*)")
_NAME = r'(?:`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*"|\w+)'
_INSERT_HEAD = re.compile(
    rf"INSERT\s+INTO\s+(?:TABLE\s+)?(?P<table>{_NAME}(?:\s*\.\s*{_NAME})?)\s*"
    r"(?P<columns>\((?:[^()`\"]|`(?:[^`\\]|\\.)*`|\"(?:[^\"\\]|\\.)*\"|\([^()]*\))*\))?",
    re.IGNORECASE,
)
# Not "anything": what follows may be a SELECT, whose rows the client does not send.
_SETTING = r"\w+\s*=\s*(?:'(?:[^'\\]|\\.)*'|[^\s,;']+)"
_SETTINGS = rf"SETTINGS\s+{_SETTING}(?:\s*,\s*{_SETTING})*"
_FORMAT = re.compile(rf"\s+FORMAT\s+(\w+)(\s+{_SETTINGS})?\s*$", re.IGNORECASE)
_INSERT_TAIL = re.compile(
    rf"\s*(?P<settings>{_SETTINGS})?\s*(?:\bVALUES|\bFORMAT\s+\w+)?\s*;?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_HTTP_INSERT = re.compile(
    rf"\s*(?P<settings>{_SETTINGS})?\s*FORMAT\s+(?P<format>\w+)[ \t]*\r?\n?", re.IGNORECASE | re.DOTALL
)
_NOT_A_TABLE = frozenset({"SELECT", "WITH", "VALUES", "FORMAT", "SETTINGS", "FROM", "FUNCTION"})
_END_LIMIT = 1000  # format and settings stand within the last so many characters
_TAIL_LIMIT = 64 << 10  # the statement of an INSERT with separate data is short


@dataclass(frozen=True, slots=True)
class Insert:
    """An INSERT whose rows are sent separately. Table, columns and settings are as written, and may be empty."""

    table: str
    columns: str
    settings: str
    format: str  # of the rows as they are sent
    end: int  # of the statement; inline data begins here

    @property
    def names(self) -> list[str]:
        """The columns of the rows, unquoted; empty for all of them."""
        return [re.sub(r'^([`"])(.*)\1$', r"\2", name) for name in split_arguments(self.columns[1:-1])]

    def reading(self, path: str) -> str:
        """The same INSERT, reading its rows from a file.

        Inline data would end at its first empty line, which binary data can contain anywhere.
        """
        return (
            f"INSERT INTO {self.table} {self.columns} FROM INFILE '{path}' COMPRESSION 'none' "
            f"{self.settings} FORMAT {self.format}"
        )


def from_first_word(text: str) -> str:
    """A text without the comments and blanks before its statement; data at its end is unchanged."""
    match = _COMMENTS.match(text)
    return text[match.end() if match else 0 :]


def trimmed(text: str) -> str:
    """A statement without the comments before it and the semicolons after it."""
    return from_first_word(text).rstrip().rstrip(";").rstrip()


def first_word(statement: str) -> str:
    """The statement's kind, in capitals: ``SELECT``, ``INSERT``, ``CREATE`` ..."""
    match = _FIRST_WORD.match(statement)
    return match[1].upper() if match else ""


def split_format(statement: str) -> tuple[str, str]:
    """A statement without its ``FORMAT name``, and the name, which may be empty; settings after it are kept."""
    match = _FORMAT.search(statement, max(0, len(statement) - _END_LIMIT))
    return (statement[: match.start()] + (match[2] or ""), match[1]) if match else (statement, "")


def _head(statement: str) -> re.Match[str] | None:
    head = _INSERT_HEAD.match(statement)
    return head if head and head["table"].upper() not in _NOT_A_TABLE else None


def native_insert(statement: str) -> Insert | None:
    """The INSERT whose rows follow as blocks; None if its rows are in the text or come from a SELECT."""
    head = _head(statement)
    if not head or len(statement) - head.end() > _TAIL_LIMIT:
        return None
    tail = _INSERT_TAIL.match(statement, head.end())
    return _insert(head, tail, "Native") if tail else None


def http_insert(statement: str) -> Insert | None:
    """The INSERT that names its FORMAT and is followed by its rows in the same text, or None."""
    head = _head(statement)
    tail = head and _HTTP_INSERT.match(statement, head.end(), head.end() + _TAIL_LIMIT)
    return _insert(head, tail, tail["format"]) if head and tail else None


def _insert(head: re.Match[str], tail: re.Match[str], format_: str) -> Insert:
    return Insert(head["table"], head["columns"] or "", tail["settings"] or "", format_, tail.end())
