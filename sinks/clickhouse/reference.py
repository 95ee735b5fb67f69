"""Loads the reference data into tables, so that analysts can join names, and the working calendar."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from importlib.resources import files
from typing import Any
from uuid import uuid4

import structlog

from schemas.reference.offices import Office, Team
from schemas.reference.site.reference import ReferenceData
from schemas.reference.timeline import (
    END_MS,
    FIRST_DAY,
    FIRST_MS,
    MINUTE_MS,
    Timeline,
    build_timeline,
    regular_days,
)
from schemas.reference.validity import DAY_MS
from schemas.reference.working_hours import Windows, WorkingHours
from sinks.clickhouse.cluster.replicas import synchronize
from sinks.clickhouse.ledger import TABLE, record
from sinks.clickhouse.native.column_client import ColumnClient

log = structlog.get_logger(__name__)

FILES: Mapping[str, str] = {
    "statuses.csv": "reference_status",
    "rating_scale.csv": "reference_rating_scale",
    "declaration_kinds.csv": "reference_kind",
    "steps.csv": "reference_step",
    "reasons.csv": "reference_reason",
    "channels.csv": "reference_channel",
    "score_criteria.csv": "reference_score_criterion",
    "score_grades.csv": "reference_score_grade",
    "service_commitments.csv": "reference_service_commitment",
}
"""Data files that no site changes, and their tables. A table has some of the file's columns, under the same names."""

DIGEST = "reference"
"""Name under which the ledger keeps the digest of the reference data that was loaded."""

Rows = Sequence[Sequence[Any]]
Cells = Mapping[str, Any]
"""One row, by column."""
_EPOCH = date(1970, 1, 1)


def load_reference(client: ColumnClient, done: Mapping[str, str], reference: ReferenceData) -> Iterator[str]:
    """Load what has changed since it was loaded: files, offices and teams, the calendar.

    Args:
        client: Connected to the database.
        done: Checksums of the files and tables that were loaded, by name.
        reference: The reference data of the deployment.

    Yields:
        Name of each loaded file or table of the calendar.
    """
    folder = files("schemas").joinpath("reference", "data")
    for file, table in FILES.items():
        text = folder.joinpath(file).read_text(encoding="utf-8")
        yield from _load_changed(
            client, done, f"reference/{file}", table, text, partial(_read_file, client, table, text)
        )
    for file, table, versions in (
        ("offices.csv", "reference_office", map(_office_cells, reference.offices.all_offices())),
        ("teams.csv", "reference_team", map(_team_cells, reference.offices.all_teams())),
    ):
        cells = list(versions)
        yield from _load_changed(
            client, done, f"reference/{file}", table, repr(cells), partial(_rows, client, table, cells)
        )
    for table, days in calendar_rows(reference.hours).items():
        # The text of the rows, not of the file: public holidays come from a library, which may change alone.
        yield from _load_changed(client, done, f"calendar/{table}", table, repr(days), partial(list, days))
    if done.get(DIGEST) != reference.digest:
        record(client, DIGEST, reference.digest)


def loaded_digest(client: ColumnClient) -> str | None:
    """Digest of the reference data that `hailong migrate` loaded last; None: none was loaded."""
    synchronize(client, TABLE)
    statement = f"SELECT checksum FROM {TABLE} FINAL WHERE name = %(name)s"  # noqa: S608 - our own name
    found: list[tuple[str]] = client.execute(statement, {"name": DIGEST})
    return found[0][0] if found else None


def outdated_facts(client: ColumnClient) -> Sequence[tuple[str, int, bool]]:
    """Office, number of facts, and whether their target is known by the tables although the facts say the opposite."""
    found: list[tuple[str, int, bool]] = client.execute(
        "SELECT office, sum(facts) AS n, known_now FROM v_target_known_outdated "
        "GROUP BY office, known_now ORDER BY n DESC, office"
    )
    return found


def _office_cells(office: Office) -> Cells:
    return {
        "code": office.code,
        "level": office.level.value,
        "department": office.department or "",
        "parent": office.parent or "",
        "successor": office.successor or "",
        **_version_cells(office),
    }


def _team_cells(team: Team) -> Cells:
    return {"office": team.office, "team": team.team, **_version_cells(team)}


def _version_cells(version: Office | Team) -> Cells:
    return {
        "name_vi": version.name_vi,
        "valid_from": version.validity.valid_from,
        "valid_to": version.validity.valid_to,
        "confidence": version.confidence.value,
        "source": version.source,
        "origin": version.origin.value,
    }


def _rows(client: ColumnClient, table: str, cells: Sequence[Cells]) -> Rows:
    names = [name for name, _kind in _columns(client, table)]
    return [[one[name] for name in names] for one in cells]


def _load_changed(
    client: ColumnClient, done: Mapping[str, str], name: str, table: str, text: str, rows: Callable[[], Rows]
) -> Iterator[str]:
    """Fill a table and yield the name, if the text is not the one that was loaded, or the table is empty."""
    checksum = hashlib.sha256(text.encode()).hexdigest()
    if done.get(name) != checksum or _is_empty(client, table):
        _replace(client, table, rows())
        record(client, name, checksum)
        log.info("reference_loaded", file=name, table=table)
        yield name


def _is_empty(client: ColumnClient, table: str) -> bool:
    """Whether a table has no rows, though the ledger may record it as loaded: a dropped table is created empty."""
    statement = "SELECT total_rows FROM system.tables WHERE database = currentDatabase() AND name = %(table)s"
    found: list[tuple[int | None]] = client.execute(statement, {"table": table})
    return found == [(0,)]


@cache
def calendar_rows(hours: WorkingHours) -> Mapping[str, Rows]:
    """The working calendar as rows of `reference_working_window` and `reference_working_day`."""
    regular = regular_days(hours)
    windows: list[Sequence[Any]] = []
    for office in (None, *sorted({rule.office for rule in hours.overtime})):
        windows += _windows(office or "", build_timeline(hours, regular, office))
    return {"reference_working_window": windows, "reference_working_day": _days(regular)}


def _windows(office: str, timeline: Timeline) -> Rows:
    rows: list[Sequence[Any]] = [(office, _instant(FIRST_MS), _instant(FIRST_MS), 0)]
    for day, parts in enumerate(timeline.windows):
        worked, midnight = timeline.before[day], FIRST_MS + day * DAY_MS
        for start, length in parts:
            rows.append((office, _instant(midnight + start), _instant(midnight + start + length), worked // MINUTE_MS))
            worked += length
    # After the last instant of the calendar, working time is unknown, not zero.
    return [*rows, (office, _instant(END_MS + 1), _instant(END_MS + 1), None)]


def _days(regular: Sequence[Windows]) -> Rows:
    days = [_EPOCH + timedelta(days=FIRST_DAY + index) for index in range(len(regular))]
    following: list[date | None] = [None] * len(days)
    for index in range(len(days) - 1, -1, -1):
        after = following[index + 1] if index + 1 < len(days) else None
        following[index] = days[index] if regular[index] else after
    rows, ordinal = [], 0
    for index, parts in enumerate(regular):
        ordinal += bool(parts)
        end = _instant(FIRST_MS + index * DAY_MS + parts[-1][1] * MINUTE_MS) if parts else None
        rows.append((days[index], bool(parts), ordinal, end, following[index]))
    return rows


def _instant(at_ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)


def _columns(client: ColumnClient, table: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = client.execute(
        "SELECT name, type FROM system.columns "
        "WHERE database = currentDatabase() AND table = %(table)s ORDER BY position",
        {"table": table},
    )
    return found


def _read_file(client: ColumnClient, table: str, text: str) -> Rows:
    kinds = _columns(client, table)
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return [[_parser(kind)(row[name]) for name, kind in kinds] for row in csv.DictReader(lines)]


def _replace(client: ColumnClient, table: str, rows: Rows) -> None:
    """Fill a new table and put its rows in place of the old ones: readers see all old rows or all new ones.

    The new table is never replicated. On a cluster a replica replaces its rows when it has fetched the new ones; an
    exchange of replicated tables would show an empty table wherever the rows come later than the exchange.
    """
    fresh = f"{table}_{uuid4().hex[:8]}"
    columns = ", ".join(f"`{name}`" for name, _kind in _columns(client, table))
    ((key,),) = client.execute(
        "SELECT sorting_key FROM system.tables WHERE database = currentDatabase() AND name = %(table)s",
        {"table": table},
    )
    # Engines before 26.9 find `ORDER BY (a)` different from `ORDER BY a`.
    order = f"({key})" if "," in key else key
    client.execute(f"CREATE TABLE {fresh} AS {table} ENGINE = MergeTree ORDER BY {order}")
    try:
        client.execute(f"INSERT INTO {fresh} ({columns}) VALUES", rows)
        client.execute(f"ALTER TABLE {table} REPLACE PARTITION tuple() FROM {fresh}")
    finally:
        client.execute(f"DROP TABLE IF EXISTS {fresh}")


def _parser(kind: str) -> Callable[[str], Any]:
    plain = kind.removeprefix("Nullable(").removesuffix(")")
    parse: Callable[[str], Any] = int if plain.startswith("UInt") else date.fromisoformat if plain == "Date" else str
    return (lambda text: parse(text) if text else None) if kind.startswith("Nullable(") else parse
