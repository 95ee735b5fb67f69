"""Delivery of alerts to people."""

from sinks.alerts.alertmanager import AlertmanagerOptions, alertmanager_monitors, run_alertmanager
from sinks.alerts.webhook import WebhookOptions, run_webhook

__all__ = ["AlertmanagerOptions", "WebhookOptions", "alertmanager_monitors", "run_alertmanager", "run_webhook"]
