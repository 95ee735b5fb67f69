"""The report of a run: for machines (`report.json`), for people (`report.md`), and live on the terminal."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from rich.table import Table
from rich.text import Text

from faults.outcome import Outcome
from faults.schedule import KINDS, Kind


@dataclass(frozen=True, slots=True)
class Report:
    """A run.

    Attributes:
        outcomes: What came of it, in order.
        seed: Of the schedule and the load.
        rate: Events a second that were asked for.
        servers: Which Kafka and which ClickHouse.
        planned: How many faults were planned.
        seconds: How long it took.
    """

    outcomes: Sequence[Outcome]
    seed: int
    rate: int
    servers: str
    planned: int
    seconds: float

    @property
    def done(self) -> list[Outcome]:
        """Faults that really happened."""
        return [one for one in self.outcomes if one.fault is not None and one.injected.reached]

    @property
    def lost(self) -> int:
        """Everything that is missing."""
        return sum(one.lost for one in self.outcomes)

    @property
    def doubled(self) -> int:
        """Everything that is there too often."""
        return sum(one.doubled for one in self.outcomes)

    @property
    def clean(self) -> bool:
        """Whether nothing was lost or doubled, every check was clean and in time, and there were faults at all."""
        return bool(self.done) and all(one.clean for one in self.outcomes)

    def kinds(self) -> list[tuple[Kind, list[Outcome]]]:
        """The kinds that were done, with what came of them."""
        found = [(kind, [one for one in self.outcomes if one.fault and one.fault.kind == kind]) for kind in KINDS]
        return [(kind, outcomes) for kind, outcomes in found if outcomes]

    def to_json(self) -> dict[str, Any]:
        """Everything."""
        return {
            "clean": self.clean,
            "faults": len(self.done),
            "planned": self.planned,
            "not_reached": sum(one.fault is not None and not one.injected.reached for one in self.outcomes),
            "lost": self.lost,
            "doubled": self.doubled,
            "rows_compared": sum(one.rows for one in self.outcomes),
            "events": sum(one.events for one in self.outcomes),
            "seed": self.seed,
            "rate": self.rate,
            "seconds": round(self.seconds),
            "versions": versions(self.servers),
            "by_kind": [_kind(kind, outcomes) for kind, outcomes in self.kinds()],
            "entries": [_entry(one) for one in self.outcomes],
        }

    def write(self, directory: Path) -> None:
        """`report.json` and `report.md`."""
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "report.json").write_text(json.dumps(self.to_json(), ensure_ascii=False, indent=2) + "\n")
        (directory / "report.md").write_text(self.to_markdown())

    def to_markdown(self) -> str:
        """The table, and what was not as it should be."""
        verdict = "Nothing was lost, nothing was doubled." if self.clean else "**Not clean**: see below."
        summary = (
            f"{len(self.done)} faults, {self.lost} lost, {self.doubled} doubled, in {self.seconds / 60:.0f} minutes at"
            f" {self.rate:,} events/s on {self.servers}"
        )
        lines = [
            "# Fault matrix",
            "",
            f"{summary}; seed {self.seed}. {verdict}",
            "",
            "| what was done | faults | recovered, median s | at most s | lost | doubled |",
            "|---|---:|---:|---:|---:|---:|",
        ]
        for kind, outcomes in self.kinds():
            row = _kind(kind, outcomes)
            cells = (row["faults"], row["recovered_median_s"], row["recovered_max_s"], row["lost"], row["doubled"])
            lines.append(f"| {kind.what} | {' | '.join('-' if cell is None else str(cell) for cell in cells)} |")
        unclean = [one for one in self.outcomes if not one.clean or not one.injected.reached]
        if unclean:
            lines += ["", "## Not as it should be", ""]
            lines += [f"- {describe(one)}: {'; '.join(remarks(one)) or 'too late'}" for one in unclean]
        return "\n".join([*lines, ""])


def versions(servers: str) -> dict[str, str]:
    """What it ran on."""
    packages = ("hailong", "confluent-kafka", "faust-streaming", "aiokafka", "numba", "clickhouse-driver", "chdb")
    return {"servers": servers, "python": platform.python_version(), **{name: version(name) for name in packages}}


def _kind(kind: Kind, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    reached = [one for one in outcomes if one.injected.reached]
    seconds = [one.recovered_s for one in reached if one.recovered_s is not None]
    return {
        "kind": kind.name,
        "what": kind.what,
        "faults": len(reached),
        "not_reached": len(outcomes) - len(reached),
        "lost": sum(one.lost for one in outcomes),
        "doubled": sum(one.doubled for one in outcomes),
        "clean": all(one.clean for one in outcomes),
        "recovered_median_s": round(median(seconds), 1) if seconds else None,
        "recovered_max_s": round(max(seconds), 1) if seconds else None,
    }


def _entry(one: Outcome) -> dict[str, Any]:
    fault, injected = one.fault, one.injected
    return {
        "number": fault.number if fault else None,
        "kind": fault.kind.name if fault else "end_of_section",
        "point": fault.kind.point if fault else "",
        "skip": fault.skip if fault else None,
        "draw": fault.draw if fault else None,
        "section": one.section,
        "reached": injected.reached,
        "pids": injected.pids,
        "recovered_s": _rounded(one.recovered_s),
        "equal_s": _rounded(one.equal_s),
        "lost": one.lost,
        "doubled": one.doubled,
        "rows": one.rows,
        "events": one.events,
        "rate": round(one.rate),
        "restarts": one.restarts,
        "rebuilds": one.rebuilds,
        "dead_letters": one.dead_letters,
        "seconds": round(one.seconds, 1),
        "audit_clean": one.audit_clean,
        "clean": one.clean,
        "notes": injected.notes,
        "broken": injected.broken,
        "examples": one.examples,
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def describe(one: Outcome) -> str:
    """Which fault, in a few words."""
    if one.fault is None:
        return f"end of section {one.section}"
    return f"{one.fault.number} {one.fault.kind.name}"


def remarks(one: Outcome) -> list[str]:
    """What there is to say beyond the numbers."""
    late = [
        text
        for text, seconds in (("not caught up in time", one.recovered_s), ("not equal in time", one.equal_s))
        if seconds is None
    ]
    missed = [] if one.injected.reached else ["did not happen"]
    unaudited = [] if one.audit_clean else ["audit not clean"]
    return [*missed, *late, *unaudited, *one.injected.broken, *one.injected.notes, *one.examples]


def line(one: Outcome) -> Text:
    """One line when a fault is over."""
    good = one.clean and one.injected.reached
    recovered = "    -" if one.recovered_s is None else f"{one.recovered_s:5.1f}"
    equal = "    -" if one.equal_s is None else f"{one.equal_s:5.1f}"
    text = Text()
    text.append("ok   " if good else "BAD  ", style="green" if good else "bold red")
    text.append(f"{describe(one):<30} recovered {recovered} s  equal {equal} s  lost {one.lost}  doubled {one.doubled}")
    text.append(f"  {one.events:,} events at {one.rate:,.0f}/s, {one.rows:,} rows", style="dim")
    for remark in [] if good else remarks(one):
        text.append(f"\n       {remark}", style="red")
    return text


def table(report: Report) -> Table:
    """The whole run."""
    found = Table(title="Fault matrix", title_justify="left", box=None, padding=(0, 2, 0, 0))
    found.add_column("what was done")
    for column in ("faults", "recovered, median s", "at most s", "lost", "doubled"):
        found.add_column(column, justify="right")
    for kind, outcomes in report.kinds():
        row = _kind(kind, outcomes)
        cells = ("faults", "recovered_median_s", "recovered_max_s", "lost", "doubled")
        style = None if row["clean"] else "bold red"
        found.add_row(kind.what, *("-" if row[name] is None else str(row[name]) for name in cells), style=style)
    found.add_section()
    found.add_row("all", str(len(report.done)), "", "", str(report.lost), str(report.doubled))
    return found
