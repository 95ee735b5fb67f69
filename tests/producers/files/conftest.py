"""A place for events instead of Kafka's queue: the seam that `publish_files` writes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from producers.files.publish import publish_files
from producers.files.report import FileReport, Rejection
from schemas.codec.record import decoder
from schemas.topics import Topic

NOW = 1_600_000_000_000


@dataclass
class Outbox:
    """Takes events and reads them back."""

    directory: Path
    sent: list[tuple[Topic, bytes, dict[str, Any]]] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    flushed: bool = False

    def publish_encoded(self, topic: Topic, key: bytes, value: bytes, timestamp_ms: int | None = None) -> None:
        """Take one."""
        assert timestamp_ms == NOW
        self.sent.append((topic, key, decoder(topic.subject)(value)))

    def flush(self) -> None:
        """All are taken."""
        self.flushed = True

    def file(self, name: str, content: str | bytes) -> Path:
        """A file with some content."""
        path = self.directory / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def publish(self, *paths: Path, **options: Any) -> FileReport:
        """Publish files here."""
        return publish_files(paths, self, clock=lambda: NOW, on_reject=self.rejections.append, **options)

    @property
    def records(self) -> list[dict[str, Any]]:
        """What was sent."""
        return [record for _topic, _key, record in self.sent]

    @property
    def faults(self) -> list[tuple[int, str]]:
        """Line and field of each rejection."""
        return [(rejection.line, rejection.field) for rejection in self.rejections]


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    """An empty one."""
    return Outbox(tmp_path)
