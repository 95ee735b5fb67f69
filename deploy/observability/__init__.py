"""Logs, metrics and health of a running process."""

from deploy.observability.http import Health, HealthReport, serve
from deploy.observability.logs import configure_logs

__all__ = ["Health", "HealthReport", "configure_logs", "serve"]
