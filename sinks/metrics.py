"""Metrics of the sinks, declared once."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

ROWS = Counter("hailong_sink_rows_total", "Rows stored", ["table"])
RECORDS = Counter("hailong_sink_records_total", "Kafka records stored", ["topic"])
INSERT_SECONDS = Histogram(
    "hailong_sink_insert_seconds",
    "Time of one acknowledged insert",
    ["table"],
    buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 60),
)
RETRIES = Counter("hailong_sink_retries_total", "Inserts repeated after an unknown outcome", ["table"])
DEAD_LETTERS = Counter("hailong_sink_dead_letters_total", "Records set aside", ["topic", "reason"])
BUFFERED = Gauge("hailong_sink_buffered_records", "Records read and not yet stored")
LAG = Gauge("hailong_sink_lag_records", "Records not yet stored", ["topic", "partition"])
LAST_PROGRESS = Gauge("hailong_sink_last_progress_timestamp_seconds", "When the sink last stored, or had nothing to do")
WEBHOOK_DELIVERIES = Counter("hailong_webhook_deliveries_total", "Alerts delivered", ["outcome"])
