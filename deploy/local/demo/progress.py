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
    """Progress of the stack at one moment."""

    produced: int = 0  # events in Kafka
    total: int = 0  # events of the whole scenario; 0 while it is being prepared
    joined: int = 0  # events that the join has processed
    loaded: int = 0  # records of all topics that are in ClickHouse
    written: int = 0  # records of all topics that are in Kafka
    opinions: int = 0  # declarations with facts that count
    satisfied_percent: float | None = None  # of these at level 4 or 5; None without any
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
    latest, printed_at = StackStatus(), -PLAIN_EVERY_S

    def show_line(now: StackStatus) -> None:
        nonlocal latest, printed_at
        latest = now
        if time.monotonic() - printed_at >= PLAIN_EVERY_S:
            printed_at = time.monotonic()
            console.print(now.line(), highlight=False, soft_wrap=True)

    yield show_line
    console.print(latest.line(), highlight=False, soft_wrap=True)


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
            bars.update(produced, completed=now.produced, total=now.total or None, wanted=now.total)
            bars.update(joined, completed=now.joined, total=now.total or None, wanted=now.total)
            bars.update(loaded, completed=now.loaded, total=now.written or None, wanted=now.written)
            screen.update(Group(bars, Text(now.results())))

        yield show
