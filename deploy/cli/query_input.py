"""Where `hailong sql` takes its statement and its parameters from."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from deploy.errors import Mistake

STANDARD_INPUT = "-"


def statement_from(argument: str | None, file: Path | None) -> str:
    """The statement: the argument, the contents of the file, or what comes through standard input.

    Raises:
        Mistake: There is none, or more than one, or it cannot be read.
    """
    if argument is not None and file is not None:
        raise Mistake("Give the statement as an argument or with --file, not both.")
    if argument not in (None, STANDARD_INPUT):
        statement, source = str(argument), "argument"
    elif file is not None:
        statement, source = _read(file), str(file)
    elif argument is None and sys.stdin.isatty():
        raise Mistake('Give a statement: hailong sql "SELECT ...", or --file query.sql, or through a pipe.')
    else:
        statement, source = _decoded(sys.stdin.buffer.read(), "standard input"), "standard input"
    if not statement.strip():
        raise Mistake(f"There is no statement: the {source} is empty.")
    return statement


def _read(file: Path) -> str:
    try:
        return _decoded(file.read_bytes(), str(file))
    except OSError as error:
        raise Mistake(f"{file} cannot be read: {error.strerror}.") from error


def _decoded(content: bytes, source: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Mistake(f"{source} is no text in UTF-8: byte {error.start + 1} is wrong.") from error


def parameters_from(options: Iterable[str]) -> dict[str, str]:
    """The parameters of a statement by name.

    Args:
        options: `name=value`, each.

    Raises:
        Mistake: One is something else, or comes twice.
    """
    parameters: dict[str, str] = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_]\w*", name):
            raise Mistake(
                f"--param {option} is no parameter: write --param name=value, for {{name:Type}} in the statement."
            )
        if name in parameters:
            raise Mistake(f"--param {name} is given twice.")
        parameters[name] = value
    return parameters
