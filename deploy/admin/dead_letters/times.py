"""Moments as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from deploy.errors import Mistake

_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|d)")
_UNIT_MS = {"s": 1_000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


def moment(text: str, now_ms: int, option: str) -> int:
    """Epoch milliseconds of a moment.

    Args:
        text: `90m`, `2h` or `7d` before now; `now`; or a date or time such as `2026-03-01T08:00`, UTC unless it says
            otherwise.
        now_ms: The present, epoch milliseconds.
        option: Name of the option, for the message.

    Raises:
        Mistake: It is none of these.
    """
    if text == "now":
        return now_ms
    if ago := _AGO.fullmatch(text.strip()):
        return now_ms - round(float(ago[1]) * _UNIT_MS[ago[2]])
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Mistake(
            f"{option} {text} is no moment: write 90m, 2h or 7d for so long ago, or 2026-03-01T08:00 (UTC)."
        ) from None
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def shown(at_ms: int, *, seconds: bool = False) -> str:
    """A moment in UTC, for tables."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")
