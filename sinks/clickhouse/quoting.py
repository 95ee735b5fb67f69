"""Names in SQL."""

from __future__ import annotations


def quoted(name: str) -> str:
    """The name of a database, table or user, as SQL reads it."""
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"
