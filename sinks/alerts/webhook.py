"""Alerts to a webhook, at least once and in order.

What the receiver gets for each version of an alert: a POST with the alert as JSON (fields: `alert.v1.avsc`)
and these headers:

- `Idempotency-Key: <alert_id>:<version>`: the same version may come twice, for instance after a crash;
- `X-Hailong-Timestamp: <seconds>` and `X-Hailong-Signature: sha256=<hex>` when a secret is set: HMAC-SHA256, with the
  secret, of the timestamp, a dot and the body. A receiver that refuses old timestamps cannot be played back to.

A version counts as delivered when the receiver answers 2xx. 408, 425, 429, 5xx and no answer are repeated without end,
the next alert waiting behind; any other answer means that this receiver will never take this alert: it is logged,
counted and passed over.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import structlog
from confluent_kafka import Consumer, Message, TopicPartition

from schemas.codec.record import WriterSchemas, pinned_only
from schemas.errors import HailongError
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_metadata import describe_topics
from schemas.options import Checked
from schemas.readers.record_reader import RecordReader
from schemas.records import Alert
from schemas.topics import Topic
from sinks.alerts.alert_consumer import alerts_in, commit, consumer_of, usable
from sinks.alerts.http_post import Answer, Pauses, Poster
from sinks.metrics import WEBHOOK_DELIVERIES, WEBHOOK_LAST_PROGRESS, WEBHOOK_RETRIES, WEBHOOK_SECONDS

log = structlog.get_logger(__name__)

_POLL_S = 0.5


@dataclass(frozen=True, slots=True)
class WebhookOptions(Checked):
    """Where alerts are sent, and how patiently.

    Attributes:
        url: Where to; http or https.
        secret: Key of the signature; hidden in `repr`; None for no signature.
        group: Consumer group.
        timeout_s: How long the receiver may take to answer.
        retry_initial_s: Pause before the first repetition; it doubles up to the next.
        retry_max_s: Longest pause between repetitions.
        connect_timeout_s: How long Kafka may be unreachable at start.
    """

    url: str
    secret: str | None = field(default=None, repr=False)
    group: str = "hailong.webhook"
    timeout_s: float = 10.0
    retry_initial_s: float = 0.5
    retry_max_s: float = 60.0
    connect_timeout_s: float = 10.0

    def _problems(self) -> Iterator[str]:
        parts = urlsplit(self.url)
        if "@" in parts.netloc:  # said without the address: it holds a password
            yield "the webhook's url must not hold user and password: use HAILONG_WEBHOOK_SECRET, or a secret path"
        elif parts.scheme not in {"http", "https"} or not parts.hostname:
            yield "the webhook's url must begin with http:// or https:// and name a host"
        if self.secret == "":
            yield "the webhook's secret must not be empty: leave it out for no signature"
        for name in ("timeout_s", "retry_initial_s", "retry_max_s", "connect_timeout_s"):
            if getattr(self, name) <= 0:
                yield f"{name} must be more than 0"


class _Refused(HailongError):
    """The receiver will never take this alert."""


def run_webhook(
    connection: KafkaConnection,
    options: WebhookOptions,
    stop: threading.Event,
    *,
    writer_schemas: WriterSchemas = pinned_only,
) -> None:
    """Deliver every alert until told to stop.

    Args:
        connection: Kafka.
        options: Where to, and how patiently.
        stop: Set to stop; the delivery in hand ends within `timeout_s`.
        writer_schemas: Where schemas that are not pinned come from: workers may be newer.

    Raises:
        SystemFault: Credentials are refused, or the topic is missing.
        Unavailable: Kafka does not answer at start, or a schema registry that an alert needs; the alert comes again.
    """
    describe_topics(connection, [Topic.ALERT], options.connect_timeout_s)
    consumer = consumer_of(connection, options.group)
    consumer.subscribe([connection.topic_name(Topic.ALERT)])
    sender = _Sender(options, stop)
    reader = RecordReader(Topic.ALERT, Alert, writer_schemas)
    log.info("webhook_started", host=urlsplit(options.url).hostname, signed=options.secret is not None)
    try:
        while not stop.is_set():
            message = consumer.poll(_POLL_S)
            if message is None or not usable(message):
                continue
            if _deliver(sender, reader, message, consumer):
                topic, partition, offset = message.topic(), message.partition(), message.offset()
                assert topic is not None
                assert partition is not None
                assert offset is not None
                # If it fails, the alert is delivered again after a restart; the idempotency key tells the receiver.
                commit(consumer, TopicPartition(topic, partition, offset + 1))
    finally:
        consumer.close()
        log.info("webhook_stopped")


def _deliver(sender: _Sender, reader: RecordReader[Alert], message: Message, consumer: Consumer) -> bool:
    """Whether the message is done with: delivered, refused for good, or unreadable."""
    alerts = alerts_in(message, reader)
    if not alerts:
        WEBHOOK_DELIVERIES.labels("unreadable").inc()
    for alert in alerts:
        try:
            if not sender.send(alert, lambda: _keep_membership(consumer)):
                return False
        except _Refused as refused:
            WEBHOOK_DELIVERIES.labels("refused").inc()
            said = {"alert_id": alert.alert_id, "version": alert.version, "answer": str(refused)}
            log.error("alert_refused_by_webhook", **said)  # noqa: TRY400 - the trace would say nothing more
    return True


def _keep_membership(consumer: Consumer) -> None:
    """Poll with everything paused: a receiver that is away for hours must not cost us our place in the group."""
    assignment = consumer.assignment()
    consumer.pause(assignment)
    try:
        strayed = consumer.poll(0)
        if strayed is not None and strayed.error() is None:
            # A rebalance gave us partitions that were not paused yet: what came must come again, not be passed over.
            consumer.seek(TopicPartition(strayed.topic() or "", strayed.partition() or 0, strayed.offset() or 0))
    finally:
        consumer.resume(consumer.assignment())


class _Sender:
    def __init__(self, options: WebhookOptions, stop: threading.Event) -> None:
        self._options = options
        self._stop = stop
        self._poster = Poster(options.timeout_s)

    def send(self, alert: Alert, between: Callable[[], None]) -> bool:
        """Send until the receiver answers; False when told to stop first."""
        pauses = Pauses(self._options.retry_initial_s, self._options.retry_max_s)
        while True:
            answer = self._attempt(alert)
            if answer.taken:
                WEBHOOK_DELIVERIES.labels("delivered").inc()
                WEBHOOK_LAST_PROGRESS.set_to_current_time()
                log.info("alert_delivered", alert_id=alert.alert_id, version=alert.version)
                return True
            if not answer.passing:
                raise _Refused(answer.words)
            pause = pauses.take()
            WEBHOOK_RETRIES.inc()
            log.warning("alert_will_be_repeated", alert_id=alert.alert_id, problem=answer.words, pause_s=pause)
            between()
            if self._stop.wait(pause):
                return False

    def _attempt(self, alert: Alert) -> Answer:
        body = json.dumps(alert.to_avro(), ensure_ascii=False).encode()
        headers = {
            "Idempotency-Key": f"{alert.alert_id}:{alert.version}",
            **self._signature(body, int(time.time())),
        }
        with WEBHOOK_SECONDS.time():
            return self._poster.post(self._options.url, body, headers)

    def _signature(self, body: bytes, now: int) -> Mapping[str, str]:
        if self._options.secret is None:
            return {}
        signed = hmac.new(self._options.secret.encode(), b"%d." % now + body, hashlib.sha256).hexdigest()
        return {"X-Hailong-Timestamp": str(now), "X-Hailong-Signature": f"sha256={signed}"}
