"""Names in SQL."""

from __future__ import annotations


def quoted(name: str) -> str:
    """The name of a database, table or user, as SQL reads it."""
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


def literal(text: str) -> str:
    """A text, as SQL reads it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
