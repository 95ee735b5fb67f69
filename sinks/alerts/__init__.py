"""Delivery of alerts to people."""

from sinks.alerts.webhook import WebhookOptions, run_webhook

__all__ = ["WebhookOptions", "run_webhook"]
