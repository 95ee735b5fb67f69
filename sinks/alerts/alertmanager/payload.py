"""An alert in the format of Alertmanager's API v2.

Source: `api/v2/openapi.yaml` of Alertmanager 0.25, `postableAlert`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from schemas.records.alerts import Alert, AlertState, TargetEvidence, state_word
from schemas.reference.offices import load_offices
from schemas.reference.wording import how_often, thing_name
from sinks.alerts.alertmanager.options import AlertmanagerOptions

ALERT_NAME = "HailongDissatisfactionSpike"
_LISTED_COMPLAINTS = 50
"""How many ids are listed; some receivers refuse long messages."""


def postable(alert: Alert, written_at: int, now: int, options: AlertmanagerOptions) -> dict[str, Any]:
    """One element of the array that is POSTed.

    Args:
        alert: The alert.
        written_at: When Kafka recorded this version, epoch milliseconds; the end of a retracted alert that was never
            cleared.
        now: Epoch milliseconds.
        options: Severity, link, and how long Alertmanager keeps an open alert.
    """
    if alert.state == AlertState.OPEN:
        starts, ends = alert.raised_at, now + int(options.hold_s * 1000)
    else:
        # The end of a pane may be ahead of the clock, and Alertmanager would treat an alert that ends later as open.
        ends = min(written_at if alert.cleared_at is None else alert.cleared_at, now)
        starts = min(alert.raised_at, ends)
    body = {
        "labels": _labels(alert, options.severity),
        "annotations": _annotations(alert),
        "startsAt": _instant(starts),
        "endsAt": _instant(ends),
    }
    return body if options.link_base is None else {**body, "generatorURL": f"{options.link_base}{alert.alert_id}"}


def _labels(alert: Alert, severity: str) -> Mapping[str, str]:
    """The identity of an alert in Alertmanager: the same for all its versions."""
    return {
        "alertname": ALERT_NAME,
        "alert_id": alert.alert_id,
        "office": alert.office,
        "detector": alert.detector,
        "severity": severity,
        "service": "hailong",
    }


def _annotations(alert: Alert) -> Mapping[str, str]:
    """What people read, from this version; empty annotations are left out."""
    found = {
        "summary": f"{alert.summary_vi}\n{alert.summary_en}",
        "summary_vi": alert.summary_vi,
        "summary_en": alert.summary_en,
        "state": state_word(alert.state),
        "chance": _chance(alert),
        "last_24_hours": _last_day(alert),
        "opinions": str(alert.opinions),
        "dissatisfied": str(alert.dissatisfied),
        "enterprises": str(alert.enterprises),
        "expected": f"{alert.expected:.2f}",
        "baseline": f"{alert.baseline:.4f}",
        "tail_probability": f"{alert.tail_probability:.2g}",
        "cusum": f"{alert.cusum:.2f}",
        "window": _length(alert.window_seconds),
        "drivers": ", ".join(f"{_name(alert, driver.name)} ({driver.low_scores})" for driver in alert.drivers),
        "targets": ", ".join(_target(alert, target) for target in alert.targets),
        "complaints": str(len(alert.complaint_ids)),
        "complaint_ids": ", ".join(alert.complaint_ids[:_LISTED_COMPLAINTS]),
        "updated_at": _instant(alert.updated_at),
        "version": str(alert.version),
    }
    return {name: text for name, text in found.items() if text}


def _name(alert: Alert, coded: str) -> str:
    """In Vietnamese, by the reference data of the package: a team of a site's own file is shown by its number."""
    return thing_name(load_offices(), alert.office, coded, alert.raised_at)


def _target(alert: Alert, one: TargetEvidence) -> str:
    return f"{_name(alert, one.name)} ({one.low_scores} of {one.scores}, p = {one.tail_probability:.2g})"


def _chance(alert: Alert) -> str:
    return "" if alert.chance_months is None else how_often(alert.chance_months)[1]


def _last_day(alert: Alert) -> str:
    if alert.day_opinions is None:
        return ""
    return f"{alert.day_dissatisfied} of {alert.day_opinions}, from {alert.day_enterprises} enterprises"


def _length(seconds: int) -> str:
    return f"{seconds // 3600}h" if seconds % 3600 == 0 else f"{seconds}s"


def _instant(epoch_ms: int) -> str:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
