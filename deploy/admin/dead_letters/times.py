"""Times as people write and read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from deploy.errors import Mistake

_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|d)")
_UNIT_MS = {"s": 1_000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


def parse_moment(text: str, now_ms: int, option: str) -> int:
    """Epoch milliseconds of a time that a person wrote.

    Args:
        text: `90m`, `2h` or `7d` (ago), `now`, or a date or time such as `2026-03-01T08:00` (UTC unless it has an
            offset).
        now_ms: The time now, epoch milliseconds.
        option: Name of the option, for the message.

    Raises:
        Mistake: The text is none of these.
    """
    if text == "now":
        return now_ms
    if ago := _AGO.fullmatch(text.strip()):
        return now_ms - round(float(ago[1]) * _UNIT_MS[ago[2]])
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Mistake(f"{option} {text} is not a time: write 90m, 2h or 7d (ago), or 2026-03-01T08:00 (UTC).") from None
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def format_moment(at_ms: int, *, seconds: bool = False) -> str:
    """A time in UTC, for tables."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")
