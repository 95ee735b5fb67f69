"""What `hailong scores close` says and answers with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.cli.main import app
from sinks.clickhouse import client, score_closing
from sinks.clickhouse.score_closing import MonthStanding

WHEN = datetime(2026, 6, 24, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "status", "said"),
    [
        (
            MonthStanding("SETTLED", 9, 0, WHEN, None),
            0,
            "2026-05 is closed, with what was known at 2026-06-24 17:00 UTC.",
        ),
        (
            MonthStanding("CLOSED", 9, 0, WHEN, WHEN),
            0,
            "2026-05 was closed at 2026-06-24 17:00 UTC. Nothing was stored.",
        ),
        (MonthStanding("PROVISIONAL", 9, 2, None, None), 1, "(a limit is paused): 2 of 9 items may still become late."),
        (MonthStanding("PROVISIONAL", 9, 2, WHEN, None), 1, "2026-05 is provisional (until 2026-06-24 17:00 UTC)"),
    ],
)
def test_it_says_how_far_the_month_is(
    monkeypatch: pytest.MonkeyPatch, before: MonthStanding, status: int, said: str
) -> None:
    """A provisional month ends with 1, so that a timer tries again; a closed one is no error."""
    asked: list[date] = []

    @contextmanager
    def session(*_args: Any, **_options: Any) -> Iterator[None]:
        yield None

    def close_month(_client: Any, month: date) -> MonthStanding:
        asked.append(month)
        return before

    monkeypatch.setattr(client, "session", session)
    monkeypatch.setattr(score_closing, "close_month", close_month)
    monkeypatch.setenv("HAILONG_CLICKHOUSE_HOST", "localhost")
    answer = CliRunner().invoke(app, ["scores", "close", "--month", "2026-05"])
    assert (answer.exit_code, asked) == (status, [date(2026, 5, 1)])
    assert said in " ".join(answer.output.split())
