"""From variables to typed settings; every problem is a sentence that names its variable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from deploy.settings.group import SettingsGroup, is_secret
from schemas.errors import ConfigurationError

MAX_SECRET_FILE_BYTES = 65_536
"""A larger file is a mistake, such as the path of a log."""

_RULES = {
    "int_parsing": "must be a whole number",
    "float_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "url_parsing": "must be an http:// or https:// address",
    "url_scheme": "must be an http:// or https:// address",
}
"""Plain words for some of pydantic's errors."""

S = TypeVar("S", bound=SettingsGroup)


def load(group: type[S], variables: Mapping[str, str]) -> S:
    """The settings of one component.

    Args:
        group: Its settings group.
        variables: Names and values, from `read_variables`.

    Raises:
        ConfigurationError: With every problem of this component.
    """
    settings, problems = _attempt(group, variables)
    if settings is None or problems:
        raise ConfigurationError(problems)
    return settings


def check(variables: Mapping[str, str], groups: Sequence[type[SettingsGroup]]) -> None:
    """Check the settings of several components at once, before any of them starts.

    Raises:
        ConfigurationError: With every problem of all of them.
    """
    problems = [problem for group in groups for problem in _attempt(group, variables)[1]]
    if problems:
        raise ConfigurationError(dict.fromkeys(problems))


def _attempt(group: type[S], variables: Mapping[str, str]) -> tuple[S | None, list[str]]:
    values, problems = _values(group, variables)
    try:
        settings = group(**values)
    except ValidationError as error:
        return None, problems + [_sentence(group, fault) for fault in error.errors(include_url=False)]
    return settings, problems + list(settings.problems())


def _values(group: type[SettingsGroup], variables: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The values that are set; empty ones count as not set, as in compose files and Kubernetes manifests."""
    values: dict[str, str] = {}
    problems: list[str] = []
    for name, field in group.model_fields.items():
        variable = group.variable(name)
        value, path = variables.get(variable), variables.get(f"{variable}_FILE") if is_secret(field) else None
        if value and path:
            problems.append(f"{variable} and {variable}_FILE are both set: keep one of them.")
        if path:
            try:
                value = _secret_of(Path(path))
            except (OSError, ValueError) as error:
                problems.append(f"{variable}_FILE names a file that cannot be used: {_reason(error)}.")
        if value:
            values[name] = value
    return values, problems


def _secret_of(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(MAX_SECRET_FILE_BYTES + 1)
    if len(content) > MAX_SECRET_FILE_BYTES:
        raise ValueError(f"it is larger than {MAX_SECRET_FILE_BYTES} bytes")
    try:
        text = content.decode().strip()
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
    if not text:
        raise ValueError("it is empty")
    return text


def _reason(error: OSError | ValueError) -> str:
    return f"{error.strerror} ({error.filename})" if isinstance(error, OSError) else str(error)


def _sentence(group: type[SettingsGroup], fault: Any) -> str:
    """One pydantic error as a sentence; without the value, which may be a secret in the wrong variable."""
    name = str(fault["loc"][0])
    variable = group.variable(name)
    if fault["type"] == "missing":
        return f"{variable} is not set: {group.model_fields[name].description}"
    if fault["type"] == "string_pattern_mismatch":
        return f"{variable} must match the pattern {fault['ctx']['pattern']}."
    rule = _RULES.get(fault["type"]) or fault["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{variable} {rule if rule.startswith('must') else f'is wrong: {rule}'}."
