"""The alertmanager process: alerts to Prometheus' Alertmanager."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from deploy.processes.sink_process import SINK_NEEDS, run_sink_process
from deploy.settings.alertmanager import AlertmanagerProcessSettings
from deploy.settings.load import load
from sinks.alerts.alertmanager.run import alertmanager_monitors, run_alertmanager

NEEDS = (*SINK_NEEDS, AlertmanagerProcessSettings)


def run(variables: Mapping[str, str]) -> int:
    """Deliver alerts until SIGTERM or SIGINT; returns the exit status.

    Raises:
        HailongError: It cannot start or go on; see `sinks.alerts.alertmanager.run`.
    """
    options = load(AlertmanagerProcessSettings, variables).options()
    monitors = alertmanager_monitors(options)
    deliver = partial(run_alertmanager, options=options, monitors=monitors)
    return run_sink_process("alertmanager", variables, monitors, deliver)
