"""Recounts the evidence of alerts in SQL, from the oracle's facts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import pytest
from scipy.stats import betabinom

from schemas.ids import complaint_id
from support.oracle import Oracle

_MOST = 5  # drivers and targets that an alert lists
_WINDOW = "a.office = o.office AND a.window_start <= o.pane_start AND o.pane_start < a.window_end"


def recount(alerts: Sequence[Any], oracle: Oracle) -> None:
    """Assert that n, k, enterprises, complaints, drivers and targets of each alert are those of its window.

    Args:
        alerts: Records or rows of ClickHouse; retracted ones are left out.
        oracle: Its facts are counted over the columns `window_start` and `window_end`.
    """
    standing = [one for one in alerts if one.state != "RETRACTED"]
    oracle.load(
        "alert_window",
        "alert_id String, office String, window_start Int64, window_end Int64",
        [(str(one.alert_id), one.office, one.window_start, one.window_end) for one in standing],
    )
    totals = {row["alert_id"]: row for row in oracle.rows(_TOTALS)}
    effective = {row["alert_id"]: row["n"] for row in oracle.rows(_EFFECTIVE)}
    scores, drivers = _by_alert(oracle.rows(_SCORES)), _by_alert(oracle.rows(_DRIVERS))
    for one in standing:
        row = totals[str(one.alert_id)]
        stated = (one.opinions, one.dissatisfied, one.enterprises)
        assert stated == (row["n"], row["k"], row["enterprises"]), one
        assert one.effective_opinions == effective[str(one.alert_id)], one
        assert one.window_end - one.window_start == one.window_seconds * 1000
        assert set(one.complaint_ids) == {
            complaint_id(declaration, sheet, one.office) for declaration, sheet in row["low_sheets"]
        }
        _assert_parts(one, scores[str(one.alert_id)], drivers[str(one.alert_id)])
        _assert_tail(one)


def _by_alert(rows: Sequence[dict[str, Any]]) -> defaultdict[str, Counter[str]]:
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        found[row["alert_id"]][row["name"]] = row["number"]
    return found


def _assert_parts(alert: Any, scores: Counter[str], drivers: Counter[str]) -> None:
    """The drivers are those with the most low scores; n and k of each team and step are right."""
    listed = [tuple(one) if isinstance(one, tuple) else (one.name, one.low_scores) for one in alert.drivers]
    assert listed == sorted(drivers.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST]
    tested = {name for name in drivers if name.startswith(("TEAM:", "STEP:"))}
    assert len(alert.targets) == min(_MOST, len(tested))
    for one in alert.targets:
        target, target_id, given, low = (
            one[:4] if isinstance(one, tuple) else (one.target, one.target_id, one.scores, one.low_scores)
        )
        name = f"{target}:{target_id}"
        assert (given, low) == (scores[name], drivers[name]), (alert, name)


def _assert_tail(alert: Any) -> None:
    """The expected number and the tail probability follow from the numbers and the baseline that are stated."""
    share, strength = alert.baseline, alert.baseline_strength
    assert alert.expected == pytest.approx(alert.opinions * share)
    tail = betabinom.sf(alert.enterprises - 1, alert.effective_opinions, share * strength, (1 - share) * strength)
    assert alert.tail_probability == pytest.approx(tail, rel=1e-5, abs=1e-12)


_TOTALS = f"""
SELECT a.alert_id AS alert_id, count() AS n, countIf(o.lowest <= 2) AS k,
       uniqExactIf(o.tax_code, o.lowest <= 2) AS enterprises,
       groupArrayArray(o.low_sheets) AS low_sheets
FROM alert_window AS a INNER JOIN office_opinion AS o ON a.office = o.office WHERE {_WINDOW}
GROUP BY alert_id
"""

_EFFECTIVE = """
SELECT a.alert_id AS alert_id, count() AS n
FROM alert_window AS a
INNER JOIN
(
    SELECT office, pane_start,
           toMonday(toDateTime(intDiv(pane_start, 1000), 'Asia/Ho_Chi_Minh')) AS week,
           row_number() OVER (PARTITION BY office, tax_code, low, week
                              ORDER BY pane_start) AS nth
    FROM (SELECT DISTINCT office, pane_start, tax_code, lowest <= 2 AS low FROM office_opinion)
) AS o ON a.office = o.office
WHERE o.nth <= 2 AND a.window_start <= o.pane_start AND o.pane_start < a.window_end
GROUP BY alert_id
"""
"""Of one enterprise two panes of a week with satisfied opinions, and two with dissatisfied ones (ADR 47)."""

_PARTS = f"alert_window AS a INNER JOIN office_part AS o ON a.office = o.office WHERE {_WINDOW}"

_SCORES = f"""
SELECT a.alert_id AS alert_id, concat(o.target, ':', o.target_id) AS name, count() AS number
FROM {_PARTS} AND o.target IN ('TEAM', 'STEP') GROUP BY alert_id, name
"""

_DRIVERS = f"""
SELECT a.alert_id AS alert_id, arrayJoin(arrayFilter(name -> name != '', [
           if(o.target IN ('OFFICE', 'OFFICIAL'), '', concat(o.target, ':', o.target_id)),
           if(o.reason = '', '', concat('REASON:', o.reason))])) AS name, count() AS number
FROM {_PARTS} AND o.lowest <= 2 GROUP BY alert_id, name
"""
