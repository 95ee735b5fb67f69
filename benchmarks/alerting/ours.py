"""Our detector on simulated ratings: the real `AlertStore` with counts as its stage gets them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.alerting.world import DAY_MS, START, Ratings
from processors.domain.panes import PANE_MS
from processors.domain.spikes.alert_store import AlertStore
from processors.domain.spikes.policy import SpikePolicy
from schemas.records.alerts import Alert, AlertState
from schemas.records.facts import OfficeCount

Episodes = list[tuple[int, int]]
"""(raised, cleared) of each alert of an office; an open alert ends with the simulation."""


def office_code(number: int) -> str:
    """The code of a simulated office."""
    return f"{number:04d}"


def episodes(offices: Sequence[Ratings], policy: SpikePolicy) -> list[Episodes]:
    """When the alerts that were not retracted began and ended, by office."""
    end = max(int(one.at[-1]) for one in offices)
    found: list[Episodes] = [[] for _ in offices]
    for alert in alerts(offices, policy):
        found[int(alert.office)].append((alert.raised_at, alert.cleared_at or end))
    return [sorted(one) for one in found]


def alerts(offices: Sequence[Ratings], policy: SpikePolicy) -> list[Alert]:
    """The alerts that were not retracted, as they were last published."""
    store = AlertStore(policy, lambda code, _at: code)
    published: dict[str, Alert] = {}
    counts = sorted((count for number, one in enumerate(offices) for count in _counts(number, one)), key=_when)
    end, position = max(int(one.at[-1]) for one in offices), 0
    for day in range((end - START) // DAY_MS + 2):
        until = START + (day + 1) * DAY_MS
        first = position
        while position < len(counts) and counts[position].pane_start < until:
            position += 1
        store.add_counts(counts[first:position])
        store.advance(until)
        published.update({alert.alert_id: alert for alert in store.changes()})
    return [alert for alert in published.values() if alert.state != AlertState.RETRACTED]


def _when(count: OfficeCount) -> tuple[int, str]:
    return count.pane_start, count.office


def _counts(number: int, ratings: Ratings) -> list[OfficeCount]:
    panes = ratings.at - ratings.at % PANE_MS
    starts, places = np.unique(panes, return_index=True)
    ends = [*places[1:].tolist(), len(panes)]
    found = []
    for start, low, high in zip(starts.tolist(), places.tolist(), ends, strict=True):
        firms, are_low = ratings.enterprise[low:high], ratings.low[low:high]
        angry, content = (
            tuple(sorted({str(firm) for firm in one.tolist()})) for one in (firms[are_low], firms[~are_low])
        )
        dissatisfied = int(are_low.sum())
        found.append(OfficeCount(office_code(number), start, 1, high - low, dissatisfied, angry, {}, {}, (), content))
    return found
