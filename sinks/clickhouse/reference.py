"""Loading the reference data files into their tables, so that analysts can join names."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from importlib.resources import files
from typing import Any
from uuid import uuid4

import structlog
from clickhouse_driver import Client

log = structlog.get_logger(__name__)

FILES: Mapping[str, str] = {
    "offices.csv": "reference_office",
    "teams.csv": "reference_team",
    "statuses.csv": "reference_status",
    "rating_scale.csv": "reference_rating_scale",
    "declaration_kinds.csv": "reference_kind",
    "steps.csv": "reference_step",
    "reasons.csv": "reference_reason",
    "channels.csv": "reference_channel",
}
"""Data file and its table. A table has some of the file's columns, under the same names."""


def load_reference(client: Client, done: Mapping[str, str]) -> Iterator[str]:
    """Load every file that changed since it was loaded.

    Args:
        client: Connected to the database.
        done: Checksums of what was loaded, by name.

    Yields:
        Name of each loaded file.
    """
    folder = files("schemas").joinpath("reference", "data")
    for file, table in FILES.items():
        text = folder.joinpath(file).read_text(encoding="utf-8")
        name, checksum = f"reference/{file}", hashlib.sha256(text.encode()).hexdigest()
        if done.get(name) != checksum:
            _replace(client, table, text)
            client.execute("INSERT INTO schema_migration (name, checksum) VALUES", [(name, checksum)])
            log.info("reference_loaded", file=file, table=table)
            yield name


def _replace(client: Client, table: str, text: str) -> None:
    """Fill a new table and let it take the old one's place: readers see all old rows or all new ones."""
    kinds: list[tuple[str, str]] = client.execute(
        "SELECT name, type FROM system.columns "
        "WHERE database = currentDatabase() AND table = %(table)s ORDER BY position",
        {"table": table},
    )
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    rows = [[_reader(kind)(row[name]) for name, kind in kinds] for row in csv.DictReader(lines)]
    fresh = f"{table}_{uuid4().hex[:8]}"
    columns = ", ".join(f"`{name}`" for name, _kind in kinds)
    client.execute(f"CREATE TABLE {fresh} AS {table}")
    try:
        client.execute(f"INSERT INTO {fresh} ({columns}) VALUES", rows)
        client.execute(f"EXCHANGE TABLES {fresh} AND {table}")
    finally:
        client.execute(f"DROP TABLE IF EXISTS {fresh}")


def _reader(kind: str) -> Callable[[str], Any]:
    plain = kind.removeprefix("Nullable(").removesuffix(")") if kind.startswith("Nullable(") else kind
    read: Callable[[str], Any] = str
    if plain.startswith("UInt"):
        read = int
    elif plain == "Date":
        read = date.fromisoformat
    if plain != kind:
        return lambda text: read(text) if text else None
    return read
