"""Everything that a reader of views can read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sinks.clickhouse.native.column_client import ColumnClient
from sinks.clickhouse.sql_files import view_files
from support.denunciation_worlds import SECRETS, enterprise
from support.view_columns import declared_columns, parameters

VIEWS = {file.name: file for file in view_files() if file.name.startswith("v_")}
BY_THE_CLOCK = {
    "remaining_hours", "first_remaining_hours", "resolve_remaining_hours", "newest_stored_at", "event_lag_seconds",
    "stored_lag_seconds",
}  # fmt: skip
"""Columns that are different a moment later."""

OF_DECLARATIONS = ("v_declarations", "v_unrated", "v_step_times", "v_dossiers")
"""Views in which the declaration of a protected sheet stands, like one that nobody rated."""

BEFORE = "2026-04-15 03:00:00"
ARGUMENTS: Mapping[str, Sequence[str]] = {
    "first": ("'2026-04-01'", "'2026-04-15'"),
    "last": ("'2026-05-01'", "'2026-04-16'"),
    # Before, among and after the times at which the secret sheets are sent.
    "as_of": (f"'{BEFORE}'", "'2026-04-15 04:00:00'", "'2026-04-15 09:00:00'", "'2026-05-20 00:00:00'"),
    "period": ("'MONTH'",),
    "day": ("'2026-04-15'",),
    "target": ("'TEAM'", "'OFFICIAL'"),
    "office": ("''",),
    "tax_code": tuple(f"'{enterprise(one.declaration)}'" for one in SECRETS.values()),
}


def calls(view: str) -> Iterator[str]:
    """A view as queries name it, with several arguments; parameters move together, as far as there are values."""
    names = parameters(VIEWS[view])
    for turn in range(max((len(ARGUMENTS[name]) for name in names), default=1)):
        chosen = [f"{name} = {ARGUMENTS[name][turn % len(ARGUMENTS[name])]}" for name in names]
        yield f"{view}({', '.join(chosen)})" if chosen else view


def _same(value: object) -> object:
    return value


def seen(client: ColumnClient) -> dict[str, list[str]]:
    """The rows of each view for each of its calls, without aliases and what the clock changes."""
    aliases = [str(alias) for (alias,) in client.execute("SELECT complaint_id FROM v_cases WHERE protected")]
    found: dict[str, list[str]] = {}
    for view, file in VIEWS.items():
        columns = [one.name for one in declared_columns(file) if one.name not in BY_THE_CLOCK]
        for call in calls(view):
            answer, types = client.execute(f"SELECT {', '.join(columns)} FROM {call}", with_column_types=True)
            # Where most values are false a server may send a column as sparse, and the driver reads 0 for false.
            convert = [bool if kind == "Bool" else _same for _name, kind in types]
            rows = [repr([change(value) for change, value in zip(convert, row, strict=True)]) for row in answer]
            for alias in aliases:
                rows = [row.replace(alias, "alias") for row in rows]
            found[call] = sorted(rows)
    return found
