"""Metrics of the publisher."""

from __future__ import annotations

from prometheus_client import Counter

DELIVERED = Counter("hailong_publisher_delivered_records_total", "Records that Kafka acknowledged.")
FAILED = Counter("hailong_publisher_failed_records_total", "Records that Kafka did not accept.", ["code"])
REFUSED = Counter("hailong_publisher_refused_events_total", "Events that broke a rule and were not sent.", ["topic"])
HELD_BACK = Counter("hailong_publisher_held_back_seconds_total", "Time that callers waited for a full queue.")
