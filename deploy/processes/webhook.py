"""The webhook process: alerts to an HTTP address, with metrics and health."""

from __future__ import annotations

from collections.abc import Mapping

from deploy.local.supervisor import StopRequest
from deploy.observability import HealthReport, serve
from deploy.processes.common import begin
from deploy.settings import HttpSettings, KafkaSettings, LogSettings, load
from deploy.settings.registry import RegistrySettings
from deploy.settings.webhook import WebhookSettings
from sinks.alerts import run_webhook

NEEDS = (KafkaSettings, WebhookSettings, RegistrySettings, HttpSettings, LogSettings)


def run(variables: Mapping[str, str]) -> int:
    """Deliver alerts until SIGTERM or SIGINT; returns the exit status.

    Raises:
        HailongError: It cannot start; see `sinks.alerts.run_webhook`.
    """
    begin("webhook", variables)
    http, options = load(HttpSettings, variables), load(WebhookSettings, variables).options()
    connection = load(KafkaSettings, variables).connection()
    writers = load(RegistrySettings, variables).writer_schemas(connection.topic_prefix)
    # It lives as long as it runs: what a receiver refuses is its receiver's state, told by metrics.
    alive = HealthReport(healthy=True)
    with StopRequest() as stop, serve(http.host, http.port, lambda: alive):
        run_webhook(connection, options, stop.event, writer_schemas=writers)
    return 0
