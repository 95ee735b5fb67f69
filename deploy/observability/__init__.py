"""What a running process shows of itself: logs, metrics, health."""

from deploy.observability.http import Health, HealthReport, serve
from deploy.observability.logs import configure_logs

__all__ = ["Health", "HealthReport", "configure_logs", "serve"]
