"""How far a long command is: a bar on a terminal, and a line every few seconds where there is none."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from deploy.cli.context import console

LINE_EVERY_S = 5.0
_MINUTE, _HOUR = 60, 3600

Show = Callable[..., None]
"""Takes what is done, of what total (None: unknown), and how many things that are, if that is another number."""


@contextmanager
def progress(preparing: str, working: str, unit: str) -> Iterator[Show]:
    """Shows progress on standard error; yields the function that takes it.

    Args:
        preparing: What the command does before it knows how much there is to do.
        working: What it does then.
        unit: What is counted, such as "events".
    """
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    screen = console(stderr=True)
    if not screen.is_terminal:
        yield ProgressLines(working, unit, screen.print)
        return
    columns = (TextColumn("{task.description}"), BarColumn(40), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.fields[told]}"), console=screen, transient=True) as bars:
        task = bars.add_task(preparing, total=None, told="")
        rate = Rate()

        def show(done: int, total: int | None, count: int | None = None) -> None:
            count = done if count is None else count
            told = f"{count:,} {unit}, {rate.of(count, time.monotonic()):,.0f} a second"
            bars.update(task, description=working, completed=done, total=total, told=told)

        yield show


@dataclass(slots=True)
class Rate:
    """How fast something is counted, from the first time on that it was looked at."""

    _started: float = field(default_factory=time.monotonic)

    def of(self, count: int, now: float) -> float:
        """Count a second."""
        return count / max(now - self._started, 0.001)

    def left(self, done: int, total: int, now: float) -> float:
        """Seconds left, if it goes on like this."""
        return (total - done) / max(self.of(done, now), 0.001)


class ProgressLines:
    """Says now and then how far it is, in one line each time.

    Args:
        working: What is done.
        unit: What is counted.
        say: Prints a line.
        clock: Seconds.
    """

    def __init__(
        self, working: str, unit: str, say: Callable[[str], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._working = working
        self._unit = unit
        self._say = say
        self._clock = clock
        self._rate = Rate(clock())
        self._due = clock() + LINE_EVERY_S

    def __call__(self, done: int, total: int | None, count: int | None = None) -> None:
        """Take the progress; see `Show`."""
        now = self._clock()
        if now < self._due:
            return
        self._due = now + LINE_EVERY_S
        count = done if count is None else count
        told = f"{self._working}: {count:,} {self._unit}, {self._rate.of(count, now):,.0f} a second"
        if total:
            told += f", {done / total:.0%}, about {format_duration(self._rate.left(done, total, now))} left"
        self._say(told)


def format_duration(seconds: float) -> str:
    """A time for people, roughly."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds // _HOUR:.0f} h {seconds % _HOUR / _MINUTE:.0f} min"
