"""The webhook process: alerts to an HTTP address."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from deploy.processes.sink_process import SINK_NEEDS, run_sink_process
from deploy.settings.load import load
from deploy.settings.webhook import WebhookProcessSettings
from sinks.alerts.webhook import run_webhook
from sinks.runtime.health import SinkMonitor

NEEDS = (*SINK_NEEDS, WebhookProcessSettings)


def run(variables: Mapping[str, str]) -> int:
    """Deliver alerts until SIGTERM or SIGINT; returns the exit status.

    Raises:
        HailongError: It cannot start; see `sinks.alerts.webhook.run_webhook`.
    """
    options = load(WebhookProcessSettings, variables).options()
    monitor = SinkMonitor(options.stall_after_s)
    deliver = partial(run_webhook, options=options, monitor=monitor)
    return run_sink_process("webhook", variables, {"webhook": monitor}, deliver)
