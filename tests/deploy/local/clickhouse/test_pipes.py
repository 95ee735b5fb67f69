from __future__ import annotations

import threading
from pathlib import Path

import pytest

from deploy.local.clickhouse.pipes import written_by


def test_what_is_written_comes_out_as_it_is_written() -> None:
    """The reader has the first piece before the writer is at its end, and all of it in the end."""
    go_on = threading.Event()

    def write(path: str) -> None:
        with Path(path).open("ab", buffering=0) as file:
            file.write(b"first")
            go_on.wait()
            file.write(b"x" * 5_000_000)

    pieces = written_by(write)
    assert next(pieces) == b"first"
    go_on.set()
    assert sum(map(len, pieces)) == 5_000_000


def test_an_error_of_the_writer_is_raised_after_its_pieces() -> None:
    """What was written before the error is not lost."""

    def write(path: str) -> None:
        with Path(path).open("ab") as file:
            file.write(b"half")
        raise ValueError("no more")

    pieces = written_by(write)
    assert next(pieces) == b"half"
    with pytest.raises(ValueError, match="no more"):
        next(pieces)


def test_a_reader_that_leaves_stops_the_writer() -> None:
    """Closed early, it tells the writer to stop, breaks its pipe, and waits for its end."""
    stopped = threading.Event()
    seen: list[str] = []

    def write(path: str) -> None:
        with Path(path).open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 100_000)
            except BrokenPipeError:
                seen.append("broken, told" if stopped.is_set() else "broken")

    pieces = written_by(write, stopped.set)
    next(pieces)
    pieces.close()
    assert seen == ["broken, told"]
