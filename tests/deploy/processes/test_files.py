"""Files of events into Kafka, as the command runs it."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

from deploy.errors import Mistake
from deploy.processes.files import Import, run
from producers.files.report import STANDARD_INPUT


@pytest.mark.parametrize("rejects", ["a.csv", "nowhere/r.csv", "."])
def test_rejections_go_where_they_can_be_written(tmp_path: Path, rejects: str) -> None:
    """A rejects file that is an input or cannot be written is refused before anything is sent."""
    (tmp_path / "a.csv").write_text("kept")
    with pytest.raises(Mistake, match=r"[Rr]ejections"):
        run(Import([tmp_path / "a.csv"], rejects=tmp_path / rejects), {}, print, print, Event())
    assert (tmp_path / "a.csv").read_text() == "kept"


def test_all_files_are_looked_at_before_anything_is_sent(tmp_path: Path) -> None:
    """A missing file, a directory and a second standard input are named together, each with what to do."""
    files = [tmp_path / "missing.csv", tmp_path, STANDARD_INPUT, STANDARD_INPUT]
    with pytest.raises(Mistake) as mistake:
        run(Import(files), {}, print, print, Event())
    said = str(mistake.value)
    assert "missing.csv cannot be read: No such file or directory." in said
    assert f"{tmp_path} is a directory: name the files in it, such as {tmp_path}/*.csv." in said
    assert "Standard input (-) is named twice" in said
    assert said.endswith("Nothing was sent.")
