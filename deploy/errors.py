"""What a person asked for on the command line and cannot have."""

from __future__ import annotations

from schemas.errors import HailongError


class Mistake(HailongError):
    """The command cannot be carried out as it was given; nothing was done. One sentence that says how to give it."""
