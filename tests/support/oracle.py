"""The oracle: an independent batch computation in SQL over the raw inputs. It shares no code with `processors/`.

The SQL stands in `oracle.sql`. Inputs are the accepted records, as a set with duplicates; the answer is what the whole
pipeline must end with, however they arrived.
"""

from __future__ import annotations

import csv
import json
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import chdb

from schemas.records.events import DeclarationStatus, Rating, Status

_PHRASES = Path(__file__).parents[2] / "schemas" / "reference" / "data" / "allegations.csv"

_STATUS = (
    "declaration String, event_id String, status String, occurred_at Int64, office String, team String, "
    "channel String, kind String, tax_code String, crc UInt32"
)
_RATING = (
    "declaration String, sheet_id String, revision UInt32, crc UInt32, submitted_at Int64, tax_code String, "
    "comment String, has_contact Bool, target String, office String, target_id String, score UInt8, reason String"
)
# Weekdays without work from March 2020 to the end of 2022, by hand: New Year, Tết, Hùng Kings' day, Reunification,
# Labour and National Day, and the Mondays and Tuesdays off in place of a holiday on a weekend.
_DAYS_OFF = {
    *("2020-04-02", "2020-04-30", "2020-05-01", "2020-09-02"),
    *("2021-01-01", "2021-02-10", "2021-02-11", "2021-02-12", "2021-02-15", "2021-02-16", "2021-04-21"),
    *("2021-04-30", "2021-05-03", "2021-09-02", "2021-09-03"),
    *("2022-01-03", "2022-01-31", "2022-02-01", "2022-02-02", "2022-02-03", "2022-02-04", "2022-04-11"),
    *("2022-05-02", "2022-05-03", "2022-09-01", "2022-09-02"),
}


def working_windows() -> list[tuple[int, int]]:
    """Working windows from March 2020 to the end of 2022, epoch milliseconds, written down again day by day."""
    windows, day = [], datetime(2020, 3, 1, tzinfo=UTC)
    while day < datetime(2023, 1, 1, tzinfo=UTC):
        if day.isoweekday() <= 5 and f"{day:%Y-%m-%d}" not in _DAYS_OFF:
            midnight = int((day - timedelta(hours=7)).timestamp() * 1000)
            windows += [(midnight + a * 60_000, midnight + b * 60_000) for a, b in ((450, 690), (780, 990))]
        day += timedelta(days=1)
    return windows


def _windows_between(begin: int, end: int) -> list[tuple[int, int]]:
    """The windows that a step can touch: each step is compared with each of them, so others would only cost time."""
    return [window for window in working_windows() if window[1] > begin and window[0] < end]


class Oracle:
    """One computation over a set of inputs.

    Args:
        statuses: (record, checksum of its encoded body), repeats allowed.
        ratings: (record, checksum of its encoded body), repeats allowed.
        order: Statuses in the order of a declaration's life.
    """

    def __init__(
        self,
        statuses: Iterable[tuple[DeclarationStatus, int]],
        ratings: Iterable[tuple[Rating, int]],
        order: Iterable[str] = tuple(Status),
    ) -> None:
        self._chdb: Any = chdb.connect(":memory:")  # type: ignore[no-untyped-call]  # chDB has no type information
        self._chdb.query("DROP DATABASE IF EXISTS oracle SYNC")
        self._chdb.query("CREATE DATABASE oracle ENGINE = Atomic")
        self._chdb.query("USE oracle")
        self.load("status_in", _STATUS, map(_status_row, statuses))
        self.load("rating_in", _RATING, (row for one in ratings for row in _item_rows(one)))
        self.load("work", "from_ms Int64, to_ms Int64", _windows_between(*self._span()))
        self.load("pattern", "kind String, pattern String", _patterns())
        self.load("ranks", "status String, rank UInt8", [(str(name), rank) for rank, name in enumerate(order)])
        for statement in (Path(__file__).parent / "oracle.sql").read_text().split(";\n"):
            if statement.strip():
                self._chdb.query(statement)

    def load(self, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
        """Fill a table, in place of one of this name."""
        self._chdb.query(f"CREATE OR REPLACE TABLE {table} ({columns}) ENGINE = Memory")
        lines = "\n".join(json.dumps(row) for row in rows)
        if lines:
            self._chdb.query(f"INSERT INTO {table} FORMAT JSONCompactEachRow\n{lines}")

    def _span(self) -> tuple[int, int]:
        """The first status and the last rating."""
        return (
            int(self._value("SELECT min(occurred_at) FROM status_in")),
            int(self._value("SELECT max(submitted_at) FROM rating_in")),
        )

    def _value(self, query: str) -> str:
        text: str = self._chdb.query(query, "TSV").bytes().decode()
        return text

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Rows of a query over the oracle's tables, integers as numbers."""
        settings = "SETTINGS output_format_json_quote_64bit_integers = 0"
        text = self._chdb.query(f"{query} {settings}", "JSONEachRow").bytes().decode()
        return [json.loads(line) for line in text.splitlines()]

    def close(self) -> None:
        """Let the database go."""
        self._chdb.close()


def _patterns() -> list[tuple[str, str]]:
    """For each kind a regular expression of its phrases, longer ones first; words stand between two spaces."""
    spellings: dict[str, list[str]] = {}
    with _PHRASES.open(encoding="utf-8") as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            words = [(word, word if row["exact"] == "yes" else _plain(word)) for word in row["phrase"].split()]
            spellings.setdefault(row["kind"], []).append("  ".join(f"(?:{one}|{other})" for one, other in words))
    return [(kind, f" (?:{'|'.join(sorted(some, key=len, reverse=True))}) ") for kind, some in spellings.items()]


def _plain(word: str) -> str:
    letters = unicodedata.normalize("NFD", word.replace("đ", "d"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _status_row(entry: tuple[DeclarationStatus, int]) -> tuple[Any, ...]:
    one, crc = entry
    texts = (one.office, one.team or "", one.channel or "", one.kind or "", one.tax_code or "")
    return (one.declaration_no[:11], one.event_id, one.status, one.occurred_at, *texts, crc)


def _item_rows(entry: tuple[Rating, int]) -> list[tuple[Any, ...]]:
    one, crc = entry
    sheet = (one.declaration_no[:11], one.sheet_id, one.revision, crc, one.submitted_at, one.tax_code or "")
    head = (*sheet, one.comment or "", one.contact is not None)
    return [(*head, i.target, i.office, i.target_id, i.score, i.reason or "") for i in one.items]
