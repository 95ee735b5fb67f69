"""Delivery of alerts to people."""

from sinks.alerts.alertmanager import AlertmanagerHealth, AlertmanagerMonitor, AlertmanagerOptions, run_alertmanager
from sinks.alerts.webhook import WebhookOptions, run_webhook

__all__ = [
    "AlertmanagerHealth",
    "AlertmanagerMonitor",
    "AlertmanagerOptions",
    "WebhookOptions",
    "run_alertmanager",
    "run_webhook",
]
