"""Files of events into Kafka, as the command runs it."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

from deploy.processes.files import run
from producers.files.report import FileKind
from schemas.errors import ConfigurationError


@pytest.mark.parametrize("rejects", ["a.csv", "nowhere/r.csv", "."])
def test_rejections_go_where_they_can_be_written(tmp_path: Path, rejects: str) -> None:
    """A rejects file that is an input or cannot be written is refused before anything is sent."""
    (tmp_path / "a.csv").write_text("kept")
    with pytest.raises(ConfigurationError, match=r"[Rr]ejections"):
        run([tmp_path / "a.csv"], FileKind.AUTO, {}, print, tmp_path / rejects, print, Event())
    assert (tmp_path / "a.csv").read_text() == "kept"
