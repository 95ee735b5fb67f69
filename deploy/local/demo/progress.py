"""Progress of the demo: bars on a terminal, otherwise a line every few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

PLAIN_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class StackStatus:
    """Progress of the stack at one moment.

    Attributes:
        produced: Events that are in Kafka.
        total: Events of the whole scenario; 0 while it is being prepared.
        joined: Of these, the ones that the join has processed.
        loaded: Records of all topics that are in ClickHouse.
        written: Records of all topics that are in Kafka.
        opinions: Sheets with facts in ClickHouse.
        satisfied_percent: Share of them at level 4 or 5; None without any.
        complaints: Opened.
        alerts: Raised.
    """

    produced: int = 0
    total: int = 0
    joined: int = 0
    loaded: int = 0
    written: int = 0
    opinions: int = 0
    satisfied_percent: float | None = None
    complaints: int = 0
    alerts: int = 0

    def results(self) -> str:
        """The results so far in one line."""
        share = "-" if self.satisfied_percent is None else f"{self.satisfied_percent:.1f} %"
        return f"{self.opinions:,} opinions, {share} satisfied, {self.complaints:,} complaints, {self.alerts} alerts"

    def line(self) -> str:
        """Everything in one line, for logs and pipes."""
        return (
            f"{self.produced:,} of {self.total:,} events produced, {self.joined:,} joined, "
            f"{self.loaded:,} of {self.written:,} records in ClickHouse; {self.results()}"
        )


Show = Callable[[StackStatus], None]


@contextmanager
def live(console: Console) -> Iterator[Show]:
    """A function that shows the status, to be called often."""
    if console.is_terminal:
        with _bars(console) as show:
            yield show
        return
    latest = [StackStatus()]
    show_line = _lines(console)

    def remember(now: StackStatus) -> None:
        latest[0] = now
        show_line(now)

    yield remember
    console.print(latest[0].line(), highlight=False, soft_wrap=True)


@contextmanager
def _bars(console: Console) -> Iterator[Show]:
    counts = TextColumn("{task.completed:>11,.0f} of {task.fields[wanted]:>11,}")
    bars = Progress(
        TextColumn("{task.description:<22}"), BarColumn(None), counts, TimeElapsedColumn(), console=console, expand=True
    )
    names = ("events produced", "joined by the workers", "in ClickHouse")
    produced, joined, loaded = (bars.add_task(name, total=None, wanted=0) for name in names)
    # The results get a row of their own: beside a bar they would not fit an ordinary terminal.
    with Live(console=console) as screen:

        def show(now: StackStatus) -> None:
            for task, done, wanted in (
                (produced, now.produced, now.total),
                (joined, now.joined, now.total),
                (loaded, now.loaded, now.written),
            ):
                bars.update(task, completed=done, total=wanted or None, wanted=wanted)
            screen.update(Group(bars, Text(now.results())))

        yield show


def _lines(console: Console) -> Show:
    last = -PLAIN_EVERY_S

    def show(now: StackStatus) -> None:
        nonlocal last
        if time.monotonic() - last >= PLAIN_EVERY_S:
            last = time.monotonic()
            console.print(now.line(), highlight=False, soft_wrap=True)

    return show
