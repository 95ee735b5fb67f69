"""Settings of the reference data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic_settings import SettingsConfigDict

from deploy.settings.group import SettingsGroup
from schemas.errors import ConfigurationError

if TYPE_CHECKING:  # at run time only where it is used: settings are checked by commands that answer at once
    from schemas.reference.site.reference import ReferenceData


class ReferenceSettings(SettingsGroup):
    """Where offices, teams, outages, working time and words of one's own are described."""

    model_config = SettingsConfigDict(env_prefix="HAILONG_REFERENCE_")

    file: Path | None = None  # a TOML file (docs/reference-data.md); None: the data of the package alone

    def problems(self) -> Iterator[str]:
        """Every problem of the file."""
        if self.file is not None:
            try:
                self.data()
            except ConfigurationError as error:
                yield from (f"{self.variable('file')}: {problem}" for problem in error.problems)

    def data(self) -> ReferenceData:
        """The reference data of this deployment.

        Raises:
            ConfigurationError: With every problem of the file.
        """
        from schemas.reference.site.reference import package_reference, site_reference  # noqa: PLC0415 loads numpy

        return package_reference() if self.file is None else site_reference(self.file)
