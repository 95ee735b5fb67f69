from __future__ import annotations

import pytest

from deploy.cli.progress import LINE_EVERY_S, ProgressLines, format_duration, progress


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def lines_at(moments: list[tuple[float, int, int | None, int]]) -> list[str]:
    """What is said when progress comes at these seconds after the start: done, total, count."""
    clock, said = Clock(), list[str]()
    show = ProgressLines("Publishing", "events", said.append, clock)
    for seconds, done, total, count in moments:
        clock.now = 100.0 + seconds
        show(done, total, count)
    return said


def test_a_line_every_few_seconds_says_rate_and_time_left() -> None:
    """However often progress comes, there is one line in five seconds, with count, rate, share and time left."""
    said = lines_at([(n / 10, n * 1000, 1_000_000, n * 100) for n in range(1, 121)])
    assert said == [
        "Publishing: 5,000 events, 1,000 a second, 5%, about 2 min left",
        "Publishing: 10,000 events, 1,000 a second, 10%, about 2 min left",
    ]


def test_a_stream_has_no_time_left() -> None:
    """Without a total the line says count and rate alone."""
    assert lines_at([(LINE_EVERY_S, 10, None, 5000)]) == ["Publishing: 5,000 events, 1,000 a second"]


def test_a_short_command_says_nothing() -> None:
    """What ends within five seconds needs no progress."""
    assert lines_at([(4.9, 10, 10, 10)]) == []


@pytest.mark.parametrize(("seconds", "words"), [(3.2, "3 s"), (150, "2 min"), (3 * 3600 + 1200, "3 h 20 min")])
def test_times_are_told_roughly(seconds: float, words: str) -> None:
    """Seconds, minutes, hours."""
    assert format_duration(seconds) == words


def test_without_a_terminal_lines_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output stays free for the result."""
    with progress("Reading", "Publishing", "events") as show:
        assert isinstance(show, ProgressLines)
        show._due = 0
        show(1, 4, 7)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("Publishing: 7 events, ")
    assert "25%" in said.err
