"""Compares the alerts of a section with those that its final office counts imply.

The expected alerts come from the detector itself, fed once with the final counts. So this shows that no alert was lost,
doubled or left open by faults. Other tests show that the detector is right.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any

from clickhouse_driver import Client

from faults.verdict import Difference, difference
from processors.domain.spikes.alert_store import AlertStore
from processors.domain.spikes.policy import SpikePolicy
from schemas.records.alerts import Alert
from schemas.records.facts import OfficeCount
from schemas.reference.offices import load_offices
from schemas.reference.wording import thing_name

_COUNTS = (
    "SELECT office, toUnixTimestamp64Milli(pane_start), bitAnd(row_version, 0xFFFFFFFFFFFF), opinions, dissatisfied,"
    " enterprises, drivers, scores, complaint_ids, satisfied_enterprises FROM office_count FINAL"
)
_ALERTS = (
    "SELECT toString(alert_id), office, state, detector, toUnixTimestamp64Milli(raised_at),"
    " toUnixTimestamp64Milli(cleared_at), opinions, dissatisfied, enterprises, window_seconds"
    " FROM alert FINAL WHERE state != 'RETRACTED'"
)


def compare_alerts(client: Client) -> Difference:
    """Differences between stored and implied alerts."""
    stored = [(row[0], row[1:]) for row in client.execute(_ALERTS)]
    return difference("alert", stored, _implied(client))


def _implied(client: Client) -> Mapping[Hashable, Any]:
    store = AlertStore(SpikePolicy(), load_offices().name, thing_name=partial(thing_name, load_offices()))
    rows = client.execute(_COUNTS)
    store.add_counts(
        OfficeCount(
            *(office, pane, version, n, k, tuple(angry), dict(drivers), dict(scores), tuple(complaints), tuple(content))
        )
        for office, pane, version, n, k, angry, drivers, scores, complaints, content in rows
    )
    store.advance(time.time_ns() // 1_000_000)
    return {alert.alert_id: _content(alert) for alert in store.changes()}


def _content(alert: Alert) -> tuple[Any, ...]:
    return (
        *(alert.office, alert.state, alert.detector, alert.raised_at, alert.cleared_at),
        *(alert.opinions, alert.dissatisfied, alert.enterprises, alert.window_seconds),
    )
