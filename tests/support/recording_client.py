"""A ClickHouse that answers from a script, for what no server here can do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sinks.clickhouse.native.column_client import ColumnClient


class RecordingClient(ColumnClient):
    """Remembers statements and their settings; answers those that contain a key of `answers`.

    Args:
        cluster: As of a connection.
        answers: Rows, by a part of the statement; any other statement gets no rows.
    """

    def __init__(self, cluster: str, answers: Mapping[str, list[tuple[Any, ...]]]) -> None:
        super().__init__("none.invalid")  # connects only with its first statement
        self.cluster = cluster
        self.answers = answers
        self.said: list[tuple[str, Mapping[str, Any]]] = []

    def execute(self, query: str, *_: Any, settings: Mapping[str, Any] | None = None, **__: Any) -> Any:
        """Remember the statement."""
        self.said.append((query, settings or {}))
        return next((rows for part, rows in self.answers.items() if part in query), [])

    @property
    def statements(self) -> list[str]:
        """What was said, without settings."""
        return [statement for statement, _settings in self.said]
