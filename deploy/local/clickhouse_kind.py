"""The ClickHouse servers a stack can start. Its own module: `hailong --help` must not load the code that runs them."""

from __future__ import annotations

from enum import StrEnum

READER = "reader"
"""The second user of each ClickHouse of a stack, who may only read."""


class ClickHouseKind(StrEnum):
    """Which ClickHouse a stack starts."""

    EMBEDDED = "embedded"
    SERVER = "server"

    @property
    def in_words(self) -> str:
        """Its name for people."""
        return "a ClickHouse server" if self is ClickHouseKind.SERVER else "the embedded ClickHouse"

    @property
    def user(self) -> str:
        """Its user."""
        return "hailong" if self is ClickHouseKind.SERVER else "default"
