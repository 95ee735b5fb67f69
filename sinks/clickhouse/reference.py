"""Copying the reference data of the contract into ClickHouse, so that analysts read names beside codes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from clickhouse_driver import Client

from schemas.reference import load_offices, load_rating_scale, load_steps

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def load_reference(client: Client) -> None:
    """Replace the reference tables by what `schemas.reference` holds.

    A reader may see a table empty for an instant; names are shown as codes then.
    """
    directory = load_offices()
    offices = [
        (
            office.code,
            _instant(office.validity.from_ms),
            _instant(office.validity.to_ms),
            office.level.value,
            office.department or "",
            office.parent or "",
            office.name_vi,
            office.confidence.value,
        )
        for office in directory.all_versions()
    ]
    teams = [
        (team.office, team.team, _instant(team.validity.from_ms), team.name_vi, team.confidence.value)
        for team in directory.all_teams()
    ]
    steps = [(s.step, s.name_vi, s.name_en, s.limit_minutes, s.limit_source or "") for s in load_steps().values()]
    scores = [(score.score, score.name_vi, score.name_en) for score in load_rating_scale().values()]
    for table, rows in (("ref_office", offices), ("ref_team", teams), ("ref_step", steps), ("ref_score", scores)):
        _replace(client, table, rows)


def _replace(client: Client, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    client.execute(f"TRUNCATE TABLE {table}")
    client.execute(f"INSERT INTO {table} VALUES", rows)


def _instant(at_ms: int) -> datetime:
    if at_ms <= 0:
        return _EARLIEST
    return min(datetime.fromtimestamp(min(at_ms, 4_102_444_800_000) / 1000, UTC), _LATEST)
