"""Requests to one Alertmanager, and what its answers mean for each alert."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

import structlog

from schemas.http_client import HttpClient
from sinks.alerts.alertmanager.alert_view import PendingAlert
from sinks.alerts.alertmanager.options import AlertmanagerOptions
from sinks.alerts.alertmanager.payload import postable
from sinks.alerts.http_post import HttpAnswer, post_json
from sinks.metrics import ALERTMANAGER_ALERTS, ALERTMANAGER_SECONDS
from sinks.runtime.clock import now_ms

log = structlog.get_logger(__name__)

_ALERTS_PER_REQUEST = 64

_ABOUT_US = frozenset({401, 403, 404, 405, 407})
"""Answers about the address or the credentials, as redirects are; no alert is at fault."""


class AlertmanagerClient:
    """Sends alerts to one Alertmanager.

    Args:
        target: Name of the Alertmanager.
        url: Where alerts are POSTed.
        options: Credentials and time-outs.

    Raises:
        ConfigurationError: The certificates cannot be read.
    """

    def __init__(self, target: str, url: str, options: AlertmanagerOptions) -> None:
        self._target = target
        self._url = url
        self._options = options
        self._client = HttpClient(options.timeout_s, options.ca_file)

    def send(self, pending: Sequence[PendingAlert]) -> str | None:
        """Send alerts once, and mark those that were answered; without alerts, ask whether some would be taken.

        Returns:
            Why the others must be sent again; None if all were answered.
        """
        for first in range(0, max(len(pending), 1), _ALERTS_PER_REQUEST):
            problem = self._send(pending[first : first + _ALERTS_PER_REQUEST])
            if problem is not None:
                return problem
        return None

    def _send(self, pending: Sequence[PendingAlert]) -> str | None:
        """Send one request; halve it when an alert in it is refused, until that alert is alone."""
        answer = self._post(pending)
        if answer.taken:
            for one in pending:
                self._mark_taken(one)
            return None
        if answer.may_pass or not pending or not _blames_alerts(answer):
            return answer.text
        if len(pending) == 1:
            self._mark_refused(pending[0], answer)
            return None
        half = len(pending) // 2
        return self._send(pending[:half]) or self._send(pending[half:])

    def _post(self, pending: Sequence[PendingAlert]) -> HttpAnswer:
        now = now_ms()
        alerts = [postable(one.alert, one.written_at, now, self._options) for one in pending]
        body = json.dumps(alerts, ensure_ascii=False).encode()
        with ALERTMANAGER_SECONDS.labels(self._target).time():
            return post_json(self._client, self._url, body, self._options.authorization)

    def _mark_taken(self, pending: PendingAlert) -> None:
        if not pending.acknowledged:
            alert = pending.alert
            said = {"alert_id": alert.alert_id, "version": alert.version, "state": alert.state}
            log.info("alert_delivered", target=self._target, **said)
            ALERTMANAGER_ALERTS.labels(self._target, "delivered").inc()
        pending.acknowledged = True
        pending.sent_at = time.monotonic()

    def _mark_refused(self, pending: PendingAlert, answer: HttpAnswer) -> None:
        said = {"alert_id": pending.alert.alert_id, "version": pending.alert.version, "answer": answer.text}
        log.error("alert_refused_by_alertmanager", target=self._target, **said)
        ALERTMANAGER_ALERTS.labels(self._target, "refused").inc()
        pending.acknowledged = pending.refused = True


def _blames_alerts(answer: HttpAnswer) -> bool:
    return answer.status is not None and 400 <= answer.status < 500 and answer.status not in _ABOUT_US
