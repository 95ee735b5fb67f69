"""What reference data can get wrong."""

from __future__ import annotations

from schemas.errors import HailongError, SystemFault


class ReferenceDataError(SystemFault):
    """A file of reference data is broken; nothing may be computed with it.

    Args:
        file: Name of the file.
        line: Line of the fault, counted from 1; None where only the entry is known (TOML).
        problem: What is wrong, in one sentence.
    """

    def __init__(self, file: str, line: int | None, problem: str) -> None:
        super().__init__(f"{file}: {problem}" if line is None else f"{file}:{line}: {problem}")
        self.file = file
        self.line = line
        self.problem = problem


class OutsideCalendarError(HailongError, ValueError):
    """A time lies outside the years for which working days are known."""


class DeclarationNumberError(HailongError, ValueError):
    """A text is not a declaration number. The message never repeats the text."""
