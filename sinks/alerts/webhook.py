"""Alerts to a webhook, at least once and in order.

The receiver gets each version of an alert as a POST with the alert as JSON (fields: `alert.v1.avsc`) and these headers:

- `Idempotency-Key: <alert_id>:<version>`: the same version may come twice, for instance after a crash;
- `X-Hailong-Timestamp: <seconds>` and `X-Hailong-Signature: sha256=<hex>` if a secret is set: HMAC-SHA256, with the
  secret, of the timestamp, a dot and the body. A receiver that refuses old timestamps is safe from replayed requests.

A version is delivered when the receiver answers 2xx. After 408, 425, 429, 5xx or no answer it is repeated without end,
and the next alert waits. Any other answer means that this receiver will never take this alert: it is skipped.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import structlog

from schemas.codec.record import WriterSchemas, pinned_only
from schemas.errors import Unavailable
from schemas.http_client import HttpClient
from schemas.kafka.connection import KafkaConnection
from schemas.options import duration_problems
from schemas.records.alerts import Alert
from sinks.alerts.alert_sink import AlertRefused, AlertSink, AlertSinkOptions, run_alert_sink
from sinks.alerts.http_post import post_json
from sinks.metrics import WEBHOOK
from sinks.runtime.health import SinkMonitor

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WebhookOptions(AlertSinkOptions):
    """Where alerts are POSTed, and how patiently; the other options are those of `AlertSinkOptions`."""

    url: str  # where each alert is POSTed; http or https
    secret: str | None = field(default=None, repr=False)  # key of the signature; None: requests are not signed
    group: str = field(default="hailong.webhook", kw_only=True)
    timeout_s: float = 10.0  # how long the receiver may take to answer

    def _problems(self) -> Iterator[str]:
        parts = urlsplit(self.url)
        if "@" in parts.netloc:  # without quoting the address: it holds a password
            yield "the webhook's url must not hold user and password: use HAILONG_WEBHOOK_SECRET, or a secret path"
        elif parts.scheme not in {"http", "https"} or not parts.hostname:
            yield "the webhook's url must begin with http:// or https:// and name a host"
        if self.secret == "":
            yield "the webhook's secret must not be empty: leave it out for no signature"
        yield from duration_problems(self)


def run_webhook(
    connection: KafkaConnection,
    options: WebhookOptions,
    stop: threading.Event,
    *,
    monitor: SinkMonitor | None = None,
    writer_schemas: WriterSchemas = pinned_only,
) -> None:
    """Deliver every alert until told to stop.

    Args:
        connection: Kafka.
        options: Where to, and how patiently.
        stop: Set to stop; a request under way ends within `timeout_s`.
        monitor: Is told about progress.
        writer_schemas: Where schemas that are not pinned come from: workers may be newer.

    Raises:
        SystemFault: Credentials are refused, or the topic is missing.
        Unavailable: Kafka does not answer at start.
    """
    monitor = monitor or SinkMonitor(options.stall_after_s)
    log.info("webhook_started", host=urlsplit(options.url).hostname, signed=options.secret is not None)
    run_alert_sink(connection, options, WebhookSink(options, monitor, writer_schemas), monitor, stop)
    log.info("webhook_stopped")


class WebhookSink(AlertSink):
    """POSTs alerts."""

    def __init__(self, options: WebhookOptions, monitor: SinkMonitor, writer_schemas: WriterSchemas) -> None:
        super().__init__("webhook", options, WEBHOOK, monitor, writer_schemas)
        self._options = options
        self._client = HttpClient(options.timeout_s)

    def deliver_alert(self, alert: Alert) -> None:
        """POST one alert."""
        body = json.dumps(alert.to_avro(), ensure_ascii=False).encode()
        key = {"Idempotency-Key": f"{alert.alert_id}:{alert.version}"}
        headers = {**key, **self._signature(body, int(time.time()))}
        answer = post_json(self._client, self._options.url, body, headers)
        if answer.may_pass:
            raise Unavailable(answer.text)
        if not answer.taken:
            raise AlertRefused(answer.text)

    def _signature(self, body: bytes, now: int) -> Mapping[str, str]:
        if self._options.secret is None:
            return {}
        signature = hmac.new(self._options.secret.encode(), b"%d." % now + body, hashlib.sha256).hexdigest()
        return {"X-Hailong-Timestamp": str(now), "X-Hailong-Signature": f"sha256={signature}"}
