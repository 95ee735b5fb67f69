"""What one Alertmanager does with alerts that are sent to it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

import structlog

from sinks.alerts.alertmanager.alert_view import Entry
from sinks.alerts.alertmanager.options import AlertmanagerOptions
from sinks.alerts.alertmanager.payload import postable
from sinks.alerts.http_post import Answer, Poster
from sinks.metrics import ALERTMANAGER_ALERTS, ALERTMANAGER_SECONDS

log = structlog.get_logger(__name__)

_MOST_ALERTS = 64
"""Of one request."""

_OF_US = frozenset({401, 403, 404, 405, 407})
"""Answers about the address or the credentials, as redirects are; no alert is at fault."""


class Sending:
    """Sends alerts to one Alertmanager.

    Args:
        target: Its name.
        url: Where to.
        options: Who we are, and how patient.

    Raises:
        ConfigurationError: The certificates cannot be read.
    """

    def __init__(self, target: str, url: str, options: AlertmanagerOptions) -> None:
        self._target = target
        self._url = url
        self._options = options
        self._poster = Poster(options.timeout_s, options.ca_file)

    def send(self, entries: Sequence[Entry]) -> str | None:
        """Send alerts once, and mark those that were answered; none at all asks whether we are welcome.

        Returns:
            Why the rest must be sent again; None when there is no rest.
        """
        for first in range(0, max(len(entries), 1), _MOST_ALERTS):
            problem = self._send(entries[first : first + _MOST_ALERTS])
            if problem is not None:
                return problem
        return None

    def _send(self, entries: Sequence[Entry]) -> str | None:
        """One request; halved when an alert in it is refused, until that alert is alone."""
        answer = self._post(entries)
        if answer.taken:
            for entry in entries:
                self._taken(entry)
            return None
        if answer.passing or not entries or not _of_the_alerts(answer):
            return answer.words
        if len(entries) == 1:
            self._refused(entries[0], answer)
            return None
        half = len(entries) // 2
        return self._send(entries[:half]) or self._send(entries[half:])

    def _post(self, entries: Sequence[Entry]) -> Answer:
        now = time.time_ns() // 1_000_000
        alerts = [postable(entry.alert, entry.written_at, now, self._options) for entry in entries]
        body = json.dumps(alerts, ensure_ascii=False).encode()
        with ALERTMANAGER_SECONDS.labels(self._target).time():
            return self._poster.post(self._url, body, self._options.authorization)

    def _taken(self, entry: Entry) -> None:
        if not entry.acknowledged:
            alert = entry.alert
            said = {"alert_id": alert.alert_id, "version": alert.version, "state": alert.state}
            log.info("alert_delivered", target=self._target, **said)
            ALERTMANAGER_ALERTS.labels(self._target, "delivered").inc()
        entry.acknowledged = True
        entry.sent_at = time.monotonic()

    def _refused(self, entry: Entry, answer: Answer) -> None:
        said = {"alert_id": entry.alert.alert_id, "version": entry.alert.version, "answer": answer.words}
        log.error("alert_refused_by_alertmanager", target=self._target, **said)
        ALERTMANAGER_ALERTS.labels(self._target, "refused").inc()
        entry.acknowledged = entry.refused = True


def _of_the_alerts(answer: Answer) -> bool:
    return answer.status is not None and 400 <= answer.status < 500 and answer.status not in _OF_US
