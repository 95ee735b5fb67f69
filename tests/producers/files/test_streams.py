"""Pipes and standard input: read as they come, until their end or until somebody asks to stop."""

from __future__ import annotations

import gzip
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from support.polling import DEADLINE_S, eventually

from producers.files.report import STANDARD_INPUT, FileReport, ImportProgress

FOREIGN = Path(__file__).parent / "foreign"
STATUS = {
    "event_id": "e1",
    "declaration_no": "103000000010",
    "status": "REGISTERED",
    "occurred_at": "2020-05-04T08:30:00+07:00",
    "office": "03CC",
}
LINE = (json.dumps(STATUS) + "\n").encode()
CSV = (",".join(STATUS) + "\n" + (",".join(STATUS.values()) + "\n") * 700).encode()


@contextmanager
def written_slowly(path: Path, content: bytes, step: int) -> Iterator[None]:
    """A writer into a named pipe, in small pieces."""

    def write() -> None:
        with path.open("wb", buffering=0) as pipe:
            for start in range(0, len(content), step):
                pipe.write(content[start : start + step])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        writer.join(DEADLINE_S)


@pytest.mark.parametrize(
    ("content", "events"),
    [
        (CSV, 700),
        (LINE * 700, 700),
        (b"\xef\xbb\xbf" + CSV, 700),
        (gzip.compress(CSV), 700),
        ((FOREIGN / "apache-snappy.avro").read_bytes(), 300),
        ((FOREIGN / "apache-zstandard.avro").read_bytes(), 300),
    ],
)
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_a_pipe_is_read_like_a_file(outbox: Any, content: bytes, events: int, step: int) -> None:
    """Format and compression are found from the first bytes, even if these come one by one."""
    pipe = outbox.directory / "pipe"
    os.mkfifo(pipe)
    with written_slowly(pipe, content, step):
        report = outbox.publish(pipe)
    assert (report.sent, report.clean) == (events, True)


def test_what_a_pipe_holds_is_named_like_a_file(outbox: Any) -> None:
    """A workbook through a pipe is still a workbook, even if its first bytes come one by one."""
    pipe = outbox.directory / "pipe"
    os.mkfifo(pipe)
    with written_slowly(pipe, (FOREIGN / "statuses.xlsx").read_bytes()[:4096], 1):
        outbox.publish(pipe)
    assert "an Excel workbook" in outbox.rejections[0].rule


@pytest.fixture
def standard_input() -> Iterator[int]:
    """A pipe in place of standard input; the end to write into."""
    before = os.dup(0)
    reading, writing = os.pipe()
    os.dup2(reading, 0)
    os.close(reading)
    yield writing
    os.dup2(before, 0)
    os.close(before)


def test_standard_input_is_read_and_named(outbox: Any, standard_input: int) -> None:
    """`-` is standard input, and its rejections say so."""
    os.write(standard_input, LINE + b"{\n" + LINE)
    os.close(standard_input)
    report = outbox.publish(STANDARD_INPUT)
    assert (report.sent, report.rejected) == (2, 1)
    assert str(outbox.rejections[0]).startswith("standard input:2: line must be one JSON object")


def test_events_of_a_slow_writer_are_sent_as_they_come(outbox: Any, standard_input: int) -> None:
    """The first event is sent while the writer still holds the pipe open; a stop then ends the import."""
    stop, reports = Event(), list[FileReport]()
    reader = threading.Thread(target=lambda: reports.append(outbox.publish(STANDARD_INPUT, stop=stop)))
    reader.start()
    os.write(standard_input, LINE)
    eventually(lambda: len(outbox.sent) == 1, "the first event is sent")
    os.write(standard_input, LINE + LINE[:40])
    eventually(lambda: len(outbox.sent) == 2, "the second event is sent")
    stop.set()
    reader.join(DEADLINE_S)
    (report,) = reports
    assert (report.sent, report.rejected, report.stopped) == (2, 0, True)
    assert not outbox.rejections
    os.close(standard_input)


def test_a_stop_ends_the_wait_for_a_writer(outbox: Any) -> None:
    """A named pipe that nobody writes to does not hold the command."""
    pipe = outbox.directory / "pipe"
    os.mkfifo(pipe)
    stop = Event()
    threading.Timer(0.3, stop.set).start()
    report = outbox.publish(pipe, stop=stop)
    assert (report.read, report.stopped) == (0, True)
    assert not outbox.rejections


def test_the_size_of_a_pipe_is_unknown(outbox: Any, standard_input: int) -> None:
    """Progress then counts events and bytes and has no total."""
    seen: list[ImportProgress] = []
    os.write(standard_input, CSV)  # a pipe holds 64 KiB
    os.close(standard_input)
    outbox.publish(STANDARD_INPUT, progress=seen.append)
    assert {progress.bytes_total for progress in seen} == {None}
    assert (seen[-1].bytes_read, seen[-1].events) == (len(CSV), 700)


def test_a_file_as_standard_input_has_a_size(outbox: Any) -> None:
    """`hailong publish - < file` shows the time left."""
    before, seen = os.dup(0), list[ImportProgress]()
    with outbox.file("a.csv", CSV).open("rb") as content:
        os.dup2(content.fileno(), 0)
        outbox.publish(STANDARD_INPUT, progress=seen.append)
    os.dup2(before, 0)
    os.close(before)
    assert (seen[-1].bytes_read, seen[-1].bytes_total) == (len(CSV), len(CSV))


def test_a_small_cut_archive_gives_the_events_before_the_cut(outbox: Any) -> None:
    """Also an archive that fits into one read: its whole lines are sent, and the message says where it is cut."""
    lines = b"".join(json.dumps({**STATUS, "event_id": f"e{n}"}).encode() + b"\n" for n in range(300))
    report = outbox.publish(outbox.file("a.jsonl.gz", gzip.compress(lines)[:-30]))
    assert 200 < report.sent < 300
    (rejection,) = outbox.rejections
    assert (rejection.line, rejection.field) == (report.sent + 1, "file")
    assert "cut from here on" in rejection.rule
