"""Errors that only the command line knows."""

from __future__ import annotations

from schemas.errors import HailongError


class Mistake(HailongError):
    """The command cannot be executed as given, and nothing was done; the message says how to give it."""
