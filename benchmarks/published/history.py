"""A mapped history: what a set becomes in our file format, and the files in which it is published."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TypeAlias

LOCAL = timezone(timedelta(hours=7))
"""The zone in which days and months of hailong begin."""

_STATUS = ("event_id", "declaration_no", "status", "occurred_at", "office", "team", "official", "channel", "tax_code")
_SHEET = ("sheet_id", "revision", "declaration_no", "tax_code", "submitted_at", "phase", "comment")
_ITEM = ("target", "office", "target_id", "score")


@dataclass(frozen=True, slots=True)
class Status:
    """One status of a declaration. Times are epoch milliseconds; absent codes are empty."""

    event_id: str
    declaration_no: str
    status: str
    at: int
    office: str
    team: str = ""
    official: str = ""
    channel: str = ""
    tax_code: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One score of a sheet."""

    target: str
    office: str
    target_id: str
    score: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """One revision of a rating sheet."""

    sheet_id: str
    revision: int
    declaration_no: str
    at: int
    phase: str
    items: tuple[Item, ...]
    comment: str = ""
    tax_code: str = ""


Event: TypeAlias = Status | Sheet


def local_ms(text: str) -> int:
    """Epoch milliseconds of `YYYY-MM-DD HH:MM:SS[.fff]`, read as local time."""
    return round(datetime.fromisoformat(text).replace(tzinfo=LOCAL).timestamp() * 1000)


def iso(at: int) -> str:
    """A time as the file format wants it."""
    return datetime.fromtimestamp(at / 1000, LOCAL).isoformat(timespec="milliseconds")


def write_csv(events: Iterable[Event], statuses: Path, ratings: Path) -> None:
    """Write the statuses into one CSV file and the sheets into another, each in the order given."""
    with (
        statuses.open("w", encoding="utf-8", newline="") as left,
        ratings.open("w", encoding="utf-8", newline="") as right,
    ):
        status_rows, rating_rows = csv.writer(left), csv.writer(right)
        status_rows.writerow(_STATUS)
        rating_rows.writerow(_SHEET + _ITEM)
        for event in events:
            if isinstance(event, Status):
                status_rows.writerow(_status_row(event).values())
            else:
                whole = _sheet_row(event)
                # Only what groups the rows must be in each: the file format says so.
                rest = {
                    name: value if name in {"sheet_id", "revision", "declaration_no"} else ""
                    for name, value in whole.items()
                }
                for number, item in enumerate(event.items):
                    rating_rows.writerow([*(rest if number else whole).values(), *_item_row(item).values()])


def write_json_lines(events: Iterable[Event], path: Path) -> None:
    """Write statuses and sheets into one JSON Lines file, in the order given."""
    with path.open("w", encoding="utf-8") as file:
        for event in events:
            row = _status_row(event) if isinstance(event, Status) else _sheet_row(event)
            present: dict[str, object] = {name: value for name, value in row.items() if value != ""}
            if isinstance(event, Sheet):
                present["items"] = [_item_row(item) for item in event.items]
            file.write(json.dumps(present, ensure_ascii=False) + "\n")


def read_csv(statuses: Path, ratings: Path) -> list[Event]:
    """Read back what `write_csv` wrote: the independent computation starts from the files that are published."""
    with statuses.open(encoding="utf-8", newline="") as file:
        events: list[Event] = [_status(row) for row in csv.DictReader(file)]
    with ratings.open(encoding="utf-8", newline="") as file:
        sheets: dict[tuple[str, str, str], list[dict[str, str]]] = {}
        for row in csv.DictReader(file):
            sheets.setdefault((row["declaration_no"], row["sheet_id"], row["revision"]), []).append(row)
    return events + [_sheet(rows) for rows in sheets.values()]


def _status(row: dict[str, str]) -> Status:
    at, *codes = _ms(row["occurred_at"]), *(row[name] for name in _STATUS[4:])
    return Status(row["event_id"], row["declaration_no"], row["status"], at, *codes)


def _sheet(rows: Sequence[dict[str, str]]) -> Sheet:
    first = rows[0]
    items = tuple(Item(row["target"], row["office"], row["target_id"], int(row["score"])) for row in rows)
    return Sheet(
        first["sheet_id"],
        int(first["revision"]),
        first["declaration_no"],
        _ms(first["submitted_at"]),
        first["phase"],
        items,
        first["comment"],
        first["tax_code"],
    )


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1000)


def _status_row(status: Status) -> dict[str, str]:
    values = (status.event_id, status.declaration_no, status.status, iso(status.at), status.office)
    more = (status.team, status.official, status.channel, status.tax_code)
    return dict(zip(_STATUS, values + more, strict=True))


def _sheet_row(sheet: Sheet) -> dict[str, str | int]:
    values = (
        sheet.sheet_id,
        sheet.revision,
        sheet.declaration_no,
        sheet.tax_code,
        iso(sheet.at),
        sheet.phase,
        sheet.comment,
    )
    return dict(zip(_SHEET, values, strict=True))


def _item_row(item: Item) -> dict[str, str | int]:
    return dict(zip(_ITEM, (item.target, item.office, item.target_id, item.score), strict=True))
