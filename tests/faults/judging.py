"""Compares closed rounds with ClickHouse until they are equal or time is up."""

from __future__ import annotations

import pickle
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from clickhouse_driver.errors import Error as DriverError
from support.polling import Overdue, eventually

from faults.alerts import compare_alerts
from faults.expected import Tables
from faults.stored import compare_round, rows_arrived
from faults.traffic import Round
from faults.verdict import Difference, Verdict
from schemas.errors import HailongError
from sinks.clickhouse.client import session
from sinks.clickhouse.connection import ClickHouseConnection

_PAUSE_S = 0.4


@dataclass(frozen=True, slots=True)
class Judged:
    """A closed round and its expected tables, on disk: all rounds of a section would fill the memory.

    Attributes:
        of: The round.
        path: File of the expected tables.
    """

    of: Round
    path: Path

    def put(self, tables: Tables) -> None:
        """Write the expected tables."""
        with self.path.open("wb") as file:
            pickle.dump(tables, file, pickle.HIGHEST_PROTOCOL)

    def tables(self) -> Tables:
        """Read the expected tables."""
        with self.path.open("rb") as file:
            found: Tables = pickle.load(file)
        return found


def await_equal(
    clickhouse: ClickHouseConnection, judged: Sequence[Judged], patience_s: float, *, alerts: bool = False
) -> Verdict:
    """Compare until everything is equal or time is up; returns the last comparison.

    Args:
        clickhouse: Where the tables are.
        judged: Rounds.
        patience_s: Time limit in seconds.
        alerts: Whether to compare alerts too: only after the load has ended.
    """
    verdict, began = Verdict(()), time.monotonic()

    def equal() -> bool:
        nonlocal verdict
        verdict = _compare(clickhouse, judged, alerts=alerts)
        return verdict.equal

    with suppress(Overdue):
        eventually(lambda: _arrived(clickhouse, judged), "all rows are there", within_s=patience_s, pause_s=_PAUSE_S)
    with suppress(Overdue):
        left = patience_s - (time.monotonic() - began)
        eventually(equal, "ClickHouse equals the oracle", within_s=left, pause_s=_PAUSE_S)
    return verdict


def _arrived(clickhouse: ClickHouseConnection, judged: Sequence[Judged]) -> bool:
    """Whether the number of rows is as expected: a cheap question before the expensive ones."""
    try:
        with session(clickhouse) as client:
            return all(rows_arrived(client, one.of, one.tables()) for one in judged)
    except (HailongError, DriverError, OSError, EOFError):
        return False


def _compare(clickhouse: ClickHouseConnection, judged: Sequence[Judged], *, alerts: bool) -> Verdict:
    differences: list[Difference] = []
    try:
        with session(clickhouse) as client:
            for each in judged:
                differences += compare_round(client, each.of, each.tables()).differences
            if alerts:
                differences.append(compare_alerts(client))
    except (HailongError, DriverError, OSError, EOFError) as error:
        return Verdict((Difference("ClickHouse", 1, lost=1, examples=(f"does not answer: {error}",)),))
    return Verdict(tuple(differences))
