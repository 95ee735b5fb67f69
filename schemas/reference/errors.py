"""Errors of reference data and of the calendar."""

from __future__ import annotations

from schemas.errors import HailongError, SystemFault


class ReferenceDataError(SystemFault):
    """A file of reference data is broken; nothing may be computed with it.

    Args:
        file: Name of the file.
        line: Line of the fault, counted from 1; None for TOML, where only the entry is known.
        problem: What is wrong, in one sentence.
    """

    def __init__(self, file: str, line: int | None, problem: str) -> None:
        super().__init__(f"{file}: {problem}" if line is None else f"{file}:{line}: {problem}")
        self.file = file
        self.line = line
        self.problem = problem


class OutsideCalendarError(HailongError, ValueError):
    """A time lies outside the years for which working days are known."""
