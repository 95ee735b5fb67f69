"""Sources of settings: the environment, a file it names, and the directory of a running stack."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path

from dotenv import dotenv_values

from schemas.errors import ConfigurationError

PREFIX = "HAILONG_"
ENV_FILE = "HAILONG_ENV_FILE"
"""Names a file of `NAME=value` lines, such as `deploy/hailong.env.example`; the environment wins over it."""


def read_variables(
    environ: Mapping[str, str], *, stack: Path | None = None, stack_wins: bool = False
) -> dict[str, str]:
    """Every `HAILONG_*` variable that is set.

    Args:
        environ: The process's environment.
        stack: The settings file of a running stack (`hailong up`); read if it exists.
        stack_wins: Whether that file wins over the environment, because a person named its directory.

    Raises:
        ConfigurationError: A named file cannot be read.
    """
    own = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
    named = read_env_file(Path(own[ENV_FILE])) if own.get(ENV_FILE) else {}
    running = read_env_file(stack) if stack is not None and stack.exists() else {}
    return {**named, **own, **running} if stack_wins else {**running, **named, **own}


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of one file; `$` in values is an ordinary character, so that passwords need no escaping.

    Raises:
        ConfigurationError: It cannot be read.
    """
    try:
        with path.open(encoding="utf-8") as file:
            lines = dotenv_values(stream=file, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([f"The settings file {path} cannot be read: {_why(error)}."]) from error
    return {name: value for name, value in lines.items() if value is not None and name.startswith(PREFIX)}


def without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment without our variables, which may hold secrets: for programs that are not ours."""
    return {name: value for name, value in environ.items() if not name.startswith(PREFIX)}


def unknown_variables(variables: Mapping[str, str], known: Iterable[str]) -> list[str]:
    """A sentence for each variable that nothing reads; otherwise a misspelt one would be ignored silently.

    It is only a warning: Kubernetes sets such variables for services whose names begin with `hailong-`.
    """
    names = {*known, ENV_FILE}
    sentences = []
    for name in sorted(variables.keys() - names):
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.8)
        hint = f"; did you mean {near[0]}?" if near else "."
        sentences.append(f"{name} is set, but hailong has no such setting{hint}")
    return sentences


def _why(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or "unknown reason" if isinstance(error, OSError) else "it is not UTF-8 text"
