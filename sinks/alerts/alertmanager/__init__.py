"""Alerts to Prometheus' Alertmanager, by its API v2.

Alertmanager forgets an alert that is not sent again before its `endsAt`. So nothing is queued: what is open, or has
ended and was not acknowledged, is a view over the compacted topic, rebuilt from its beginning at each start, and sent
until the view and Alertmanager agree. Newer versions replace older ones that were never sent.
"""

from sinks.alerts.alertmanager.monitor import AlertmanagerHealth, AlertmanagerMonitor
from sinks.alerts.alertmanager.options import AlertmanagerOptions
from sinks.alerts.alertmanager.run import run_alertmanager

__all__ = ["AlertmanagerHealth", "AlertmanagerMonitor", "AlertmanagerOptions", "run_alertmanager"]
