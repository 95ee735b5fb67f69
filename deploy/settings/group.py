"""Base of settings groups: each setting takes its default from the option that it sets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import AnyHttpUrl, Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

GROUP_NAME = r"^[a-zA-Z0-9._-]{1,200}$"
"""Names of consumer groups and of their static members."""

Options = TypeVar("Options", bound="DataclassInstance")


def option(owner: type[DataclassInstance], name: str, **limits: Any) -> Any:
    """A setting of an option; only the option declares its default and explains it.

    Args:
        owner: Dataclass of the options, such as `WorkerOptions`.
        name: Field of it that has a default.
        limits: Limits that pydantic checks: `gt`, `ge`, `le`, `pattern`, ...
    """
    (field,) = (field for field in fields(owner) if field.name == name)
    assert field.default is not MISSING, f"{owner.__name__}.{name} has no default"
    return Field(default=field.default, **limits)


class SettingsGroup(BaseSettings):
    """The settings of one component; the variable of a field is the prefix and the field's name in capitals."""

    model_config = SettingsConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid", validate_default=True)

    @classmethod
    def settings_customise_sources(cls, *_: Any, **sources: Any) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take only what `load` passes: the environment is read in one place, `read_variables`."""
        return (sources["init_settings"],)

    @classmethod
    def variable(cls, field: str) -> str:
        """Name of the variable of a field."""
        return f"{cls.model_config.get('env_prefix', '')}{field}".upper()

    @classmethod
    def variables(cls) -> Iterator[str]:
        """Names of all variables of the group; a secret can also be given as a file."""
        for name, field in cls.model_fields.items():
            yield cls.variable(name)
            if is_secret(field):
                yield f"{cls.variable(name)}_FILE"

    def problems(self) -> Iterator[str]:
        """Broken rules between several settings, and missing files: a setting `..._file` must name one that exists."""
        for name, path in self:
            if isinstance(path, Path) and name.endswith("_file") and not path.is_file():
                yield f"{self.variable(name)} names a file that does not exist: {path}."

    def build(self, owner: type[Options], **others: Any) -> Options:
        """An option object: each field has the value of the setting of the same name, unless `others` gives it."""
        names = {field.name for field in fields(owner)} & type(self).model_fields.keys() - others.keys()
        return owner(**{name: _plain(getattr(self, name)) for name in names}, **others)

    def option_problems(self, build: Callable[[], object], prefix: str = "") -> Iterator[str]:
        """Problems that the options report when they are built, with variables in place of option names.

        `prefix` is the part of the settings' names that the options' names lack.
        """
        try:
            build()
        except ConfigurationError as error:
            yield from (f"{self._with_variables(problem.rstrip('.'), prefix)}." for problem in error.problems)

    def _with_variables(self, problem: str, prefix: str) -> str:
        names = type(self).model_fields
        variables = {name.removeprefix(prefix): self.variable(name) for name in names if name.startswith(prefix)}
        first, space, rest = problem.partition(" ")
        # After the first word replace only unmistakable names: `user` or `secret` may be a plain word there.
        certain = "|".join(name for name in variables if prefix or "_" in name)
        rest = re.sub(rf"\b({certain})\b", lambda found: variables[found[0]], rest)
        return f"{variables.get(first) or self.variable('*: ') + first}{space}{rest}"


def _plain(value: Any) -> Any:
    """A value of pydantic's as the type that options take."""
    match value:
        case SecretStr():
            return value.get_secret_value()
        case AnyHttpUrl():
            return str(value)
        case _:
            return value


def is_secret(field: FieldInfo) -> bool:
    """Whether a setting is a secret: hidden in `repr`, and accepted as `<NAME>_FILE`."""
    return SecretStr in (field.annotation, *get_args(field.annotation))
