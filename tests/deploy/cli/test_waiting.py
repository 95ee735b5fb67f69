"""The options of `--wait`."""

from __future__ import annotations

import pytest
import typer

from deploy.cli.waiting import parse_duration


def test_durations_have_units() -> None:
    """Seconds without a unit."""
    assert [parse_duration(text) for text in ("90", "90s", "1.5m", "30 m", "2h")] == [90, 90, 90, 1800, 7200]


@pytest.mark.parametrize("text", ["", "m", "0", "-1", "30d", "1h30m", "soon"])
def test_anything_else_is_refused(text: str) -> None:
    """The message shows how to write one."""
    with pytest.raises(typer.BadParameter, match="write 90s, 30m or 2h"):
        parse_duration(text)
