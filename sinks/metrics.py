"""Metrics of the sinks: each is declared here, once."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0)

RECORDS = Counter("hailong_sink_records", "Kafka records stored", ["topic"])
ROWS = Counter("hailong_sink_rows", "Rows acknowledged by ClickHouse", ["table"])
INSERT_SECONDS = Histogram(
    "hailong_sink_insert_seconds", "Time of one acknowledged insert", ["table"], buckets=_SECONDS
)
DECODE_SECONDS = Histogram("hailong_sink_decode_seconds", "Time to decode one batch", ["topic"], buckets=_SECONDS)
RETRIES = Counter("hailong_sink_insert_retries", "Inserts repeated after a passing or unknown outcome", ["table"])
BISECTIONS = Counter("hailong_sink_bisections", "Batches cut in two to find a bad row", ["topic"])
DEAD_LETTERS = Counter("hailong_sink_dead_letters", "Records set aside", ["topic", "reason"])
BUFFERED = Gauge("hailong_sink_buffered_records", "Records read and not yet stored")
BUFFERED_BYTES = Gauge("hailong_sink_buffered_bytes", "Their size, bytes")
PAUSED = Gauge("hailong_sink_paused", "1 while reading is paused because buffers are full")
LAG = Gauge("hailong_sink_lag_records", "Records between what is stored and the end", ["topic", "partition"])
LAST_PROGRESS = Gauge("hailong_sink_last_progress_timestamp_seconds", "When records were last stored")


@dataclass(frozen=True, slots=True)
class DeliveryMetrics:
    """Metrics of a sink that delivers alerts one by one."""

    outcomes: Counter  # alerts by outcome: `delivered`, `refused` or `unreadable`
    retries: Counter  # attempts that will be repeated
    seconds: Histogram  # time of one attempt
    last_progress: Gauge  # when an alert was last delivered


def delivery_metrics(sink: str) -> DeliveryMetrics:
    """Declare the metrics of one sink, by its name in them: `hailong_<sink>_deliveries` and so on."""
    return DeliveryMetrics(
        Counter(f"hailong_{sink}_deliveries", "Alerts answered by the destination, by outcome", ["outcome"]),
        Counter(f"hailong_{sink}_retries", "Attempts that will be repeated"),
        Histogram(f"hailong_{sink}_seconds", "Time of one attempt", buckets=_SECONDS),
        Gauge(f"hailong_{sink}_last_progress_timestamp_seconds", "When an alert was last delivered"),
    )


WEBHOOK = delivery_metrics("webhook")

ALERTMANAGER_ALERTS = Counter(
    "hailong_alertmanager_alerts", "Alerts answered by an Alertmanager, by outcome", ["target", "outcome"]
)
ALERTMANAGER_RETRIES = Counter("hailong_alertmanager_retries", "Attempts that will be repeated", ["target"])
ALERTMANAGER_SECONDS = Histogram("hailong_alertmanager_seconds", "Time of one attempt", ["target"], buckets=_SECONDS)
ALERTMANAGER_UP = Gauge("hailong_alertmanager_up", "1 while an Alertmanager takes what it is sent", ["target"])
ALERTMANAGER_OPEN = Gauge("hailong_alertmanager_open_alerts", "Open alerts that an Alertmanager is held to", ["target"])
ALERTMANAGER_LAST_PROGRESS = Gauge(
    "hailong_alertmanager_last_progress_timestamp_seconds",
    "When an Alertmanager last took what it was sent",
    ["target"],
)
