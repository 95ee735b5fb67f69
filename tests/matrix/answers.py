"""The digest of an answer, which is the same wherever the answer is."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

MOVING = frozenset(
    {
        # The time that is left, or that has passed, until now.
        *("remaining_hours", "first_remaining_hours", "resolve_remaining_hours"),
        *("event_lag_seconds", "stored_lag_seconds"),
        # When a row was stored.
        *("newest_stored_at", "stored_at", "claimed_at", "applied_at"),
    }
)
"""Columns whose values depend on when they are asked for, in whatever view or table; they are left out of digests."""

BY_CLOCK = frozenset({("protected_complaint", "precedence")})
"""Columns of one table that depend on when it was filled, while others of their name do not."""

_RANDOM_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def by_chance(value: Any) -> bool:
    """Whether a value is an id that was drawn by chance."""
    return isinstance(value, UUID | str) and _RANDOM_ID.fullmatch(str(value)) is not None


def digest(rows: Sequence[Sequence[Any]], columns: Collection[str], table: str = "") -> str:
    """Number and digest of rows in any order.

    Floats count to nine digits. Of ids drawn by chance (version 4) it counts only that they are there: all others are
    made of what they stand for.
    """
    kept = [place for place, name in enumerate(columns) if name not in MOVING and (table, name) not in BY_CLOCK]
    lines = sorted(repr([_comparable(row[place]) for place in kept]) for row in rows)
    checksum = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return f"{len(rows)} rows, {checksum[:16]}"


def _comparable(value: Any) -> Any:
    match value:
        case float():
            return f"{value:.9g}"
        case list() | tuple():
            return [_comparable(one) for one in value]
        case dict():
            return sorted((key, _comparable(one)) for key, one in value.items())
        case UUID() | str():
            return _RANDOM_ID.sub("random", str(value))
    return value
