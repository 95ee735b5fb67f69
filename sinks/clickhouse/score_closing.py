"""Closes a month: stores its scores as they were when its last limit had ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sinks.clickhouse.native.column_client import ColumnClient

_STORED = (
    "period, period_start, unit_level, unit, criterion, numerator, denominator, ratio, points, maximum, basis, "
    "measured, confidence"
)


@dataclass(frozen=True, slots=True)
class MonthStanding:
    """How far a month is.

    Attributes:
        standing: PROVISIONAL, SETTLED or CLOSED.
        items: Items of feedback that were received or due in the month.
        unsettled: Those of them that time alone may still make late.
        settles_at: When the last of their limits ended or will end; None: one is paused.
        closed_at: When it was closed; None: not yet.
    """

    standing: str
    items: int
    unsettled: int
    settles_at: datetime | None
    closed_at: datetime | None


def month_standing(client: ColumnClient, month: date) -> MonthStanding:
    """How far the month with this day is."""
    found: list[tuple[str, int, int, datetime | None, datetime | None]] = client.execute(
        "SELECT period_standing, items, unsettled, settles_at, score_closed_at "
        "FROM v_score_period(period = 'MONTH', day = %(month)s)",
        {"month": month},
    )
    return MonthStanding(*found[0])


def close_month(client: ColumnClient, month: date) -> MonthStanding:
    """Store the scores of a month whose limits have ended; a month that is provisional or closed stays as it is.

    The figures are those known when the last limit had ended, so it makes no difference who closes it, or when.

    Returns:
        How far the month was before: SETTLED if it was closed now.
    """
    before = month_standing(client, month)
    if before.standing == "SETTLED" and before.settles_at is not None:
        # A limit is missed after its end, so the instant of the end itself must be known.
        until = f"addMilliseconds(toDateTime64('{_text(before.settles_at)}', 3, 'UTC'), 1)"
        client.execute(
            f"INSERT INTO closed_score ({_STORED}, known_until) SELECT {_STORED}, {until} AS known_until "  # noqa: S608
            f"FROM v_score_766_at(period = 'MONTH', day = %(month)s, as_of = {until})",
            {"month": month},
        )
    return before


def _text(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3]
