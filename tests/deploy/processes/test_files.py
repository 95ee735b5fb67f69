"""Files of events into Kafka, as the command runs it."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import Self

import pytest

from deploy.errors import Mistake
from deploy.processes import files
from deploy.processes.files import Import, run
from producers.files.report import STANDARD_INPUT
from schemas.errors import Unavailable


@pytest.mark.parametrize("rejects", ["a.csv", "nowhere/r.csv", "."])
def test_rejections_go_where_they_can_be_written(tmp_path: Path, rejects: str) -> None:
    """A rejects file that is an input or cannot be written is refused before anything is sent."""
    (tmp_path / "a.csv").write_text("kept")
    with pytest.raises(Mistake, match=r"[Rr]ejections"):
        run(Import([tmp_path / "a.csv"], rejects=tmp_path / rejects), {}, print, print, Event())
    assert (tmp_path / "a.csv").read_text() == "kept"


def test_all_files_are_looked_at_before_anything_is_sent(tmp_path: Path) -> None:
    """A missing file, a directory and a second standard input are named together, each with what to do."""
    named = [tmp_path / "missing.csv", tmp_path, STANDARD_INPUT, STANDARD_INPUT]
    with pytest.raises(Mistake) as mistake:
        run(Import(named), {}, print, print, Event())
    said = str(mistake.value)
    assert "missing.csv cannot be read: No such file or directory." in said
    assert f"{tmp_path} is a directory: name the files in it, such as {tmp_path}/*.csv." in said
    assert "Standard input (-) is named twice" in said
    assert said.endswith("Nothing was sent.")


def test_an_import_that_kafka_ends_says_how_far_it_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When Kafka goes away in the middle, the error has a note about the events that may be there."""
    path = tmp_path / "a.csv"
    row = "e{},103000000010,REGISTERED,2020-05-04T08:30:00+07:00,03CC\n"
    header = "event_id,declaration_no,status,occurred_at,office\n"
    path.write_text(header + "".join(row.format(n) for n in range(2000)))

    class Leaving:
        """A publisher that takes a thousand events."""

        def __init__(self, _connection: object) -> None:
            self.taken = 0

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_error: object) -> None:
            """Nothing waits."""

        def publish_encoded(self, *_event: object) -> None:
            self.taken += 1
            if self.taken > 1000:
                raise Unavailable("Kafka accepted nothing for 60 s")

    monkeypatch.setattr(files, "EventPublisher", Leaving)
    monkeypatch.setattr(files, "verify_topics", lambda *_: None)
    with pytest.raises(Unavailable) as error:
        run(Import([path]), {"HAILONG_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}, print, print, Event())
    assert "about 1,000 events read until then may be in Kafka" in error.value.__notes__[0]
