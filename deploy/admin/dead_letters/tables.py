"""Dead letters as tables and JSON; none of them shows payload."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from deploy.admin.dead_letters.entries import OPEN, DeadLetterEntry
from deploy.admin.dead_letters.times import format_moment

SHORT = 8
"""Characters of an id in a table; `find_letter` accepts prefixes of ids."""
_TIME_WIDTH = len("2026-03-01 08:00")
_PLACE_WIDTH = len("declaration-status[11]@1234567")


def summary(entries: Iterable[DeadLetterEntry]) -> Table:
    """Number of letters by reason and topic, the largest first."""
    found: dict[tuple[str, str], list[DeadLetterEntry]] = {}
    for entry in entries:
        found.setdefault((entry.reason, entry.subject), []).append(entry)
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("letters", justify="right")
    for name in ("reason", "topic", "first (UTC)", "last (UTC)"):
        table.add_column(name)
    for (reason, subject), some in sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        times = [entry.recorded_at for entry in some]
        table.add_row(f"{len(some):,}", reason, subject, format_moment(min(times)), format_moment(max(times)))
    return table


def listing(entries: Sequence[DeadLetterEntry], *, states: bool) -> RenderableType:
    """One letter per row, grouped by reason and detail; groups and letters in the order given."""
    groups: dict[tuple[str, str, str], list[DeadLetterEntry]] = {}
    for entry in entries:
        groups.setdefault((entry.reason, entry.subject, entry.detail), []).append(entry)
    parts: list[RenderableType] = []
    for (reason, _subject, detail), some in groups.items():
        heading = Text.assemble((reason, "bold"), "  ", detail)
        parts.extend((Text(), heading, Padding(_rows(some, states=states), (0, 0, 0, 2))))
    return Group(*parts[1:])


def _rows(entries: Sequence[DeadLetterEntry], *, states: bool) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for width in (SHORT, _TIME_WIDTH, _PLACE_WIDTH):
        table.add_column(min_width=width, no_wrap=True)
    for entry in entries:
        by = f"by {', '.join(entry.stages)}"
        state = [entry.state.lower()] if states else []
        cells = (entry.dead_letter_id[:SHORT], format_moment(entry.recorded_at), entry.place, *state, by)
        table.add_row(*map(Text, cells))
    return table


def as_json(entry: DeadLetterEntry) -> str:
    """One letter as one line of JSON, without payload."""
    found = {**asdict(entry), "subject": entry.subject, "state": entry.state, "not_replayable": entry.not_replayable()}
    return json.dumps(found, ensure_ascii=False)


def sheet(entry: DeadLetterEntry, key: str, frame: str, same: Sequence[DeadLetterEntry]) -> RenderableType:
    """All that is known about one letter, except its structure; `same` are letters with the same key and value.

    `key` and `frame` come from `describe_key` and `describe_frame`.
    """
    rows = {
        "id": entry.dead_letter_id,
        "state": entry.state if entry.state == OPEN else "; ".join(map(_decision, entry.actions)),
        "reason": entry.reason,
        "detail": entry.detail,
        "refused by": ", ".join(entry.stages),
        "read from": f"{entry.topic}, partition {entry.partition}, offset {entry.offset}",
        "log": entry.topic_id,
        "recorded": f"{format_moment(entry.recorded_at, seconds=True)} UTC",
        "key": key,
        "value": _size(entry),
        "frame": frame,
        "replay": _replay(entry),
    }
    if same:
        rows["same record"] = "\n".join(
            f"{one.dead_letter_id[:SHORT]}  {one.place}  {one.state.lower()}" for one in same
        )
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in rows.items():
        table.add_row(name, Text(text))
    return table


def structure(record: Any) -> RenderableType:
    """A masked record, indented as JSON."""
    if isinstance(record, str):
        return Text(record)
    return Group(
        Text("record", style="bold"), Padding(Text(json.dumps(record, ensure_ascii=False, indent=2)), (0, 0, 0, 2))
    )


def refusals(entries: Sequence[DeadLetterEntry]) -> Mapping[str, int]:
    """Reasons why letters cannot be replayed, with their number."""
    return Counter(why for entry in entries if (why := entry.not_replayable()) is not None)


def _size(entry: DeadLetterEntry) -> str:
    if entry.kept_size < entry.value_size:
        return f"{entry.value_size:,} bytes, of which the first {entry.kept_size:,} were kept"
    return f"{entry.value_size:,} bytes"


def _replay(entry: DeadLetterEntry) -> str:
    why = entry.not_replayable()
    return f"hailong dlq replay {entry.dead_letter_id[:SHORT]}" if why is None else f"not possible: {why}"


def _decision(action: Any) -> str:
    partition, offset = action.replayed_partition, action.replayed_offset
    where = "" if partition is None else f" as partition {partition}, offset {offset}"
    note = "" if action.note is None else f" ({action.note})"
    return f"{action.action}{where} by {action.actor}, {format_moment(action.acted_at, seconds=True)} UTC{note}"
