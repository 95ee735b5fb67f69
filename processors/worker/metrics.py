"""Metrics of the workers."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0)

RECORDS = Counter("hailong_worker_records", "Records processed, with all outputs acknowledged", ["stage", "topic"])
BATCHES = Counter("hailong_worker_batches", "Batches processed, with all outputs acknowledged", ["stage", "topic"])
OUTPUTS = Counter("hailong_worker_outputs", "Output records acknowledged by Kafka", ["stage", "topic"])
DEAD_LETTERS = Counter(
    "hailong_worker_dead_letters", "Records refused and published as dead letters", ["stage", "topic", "reason"]
)
REBUILDS = Counter("hailong_worker_rebuilds", "Views restored from a snapshot or the log", ["stage"])
REBUILD_RECORDS = Counter("hailong_worker_rebuild_records", "Records replayed to restore views", ["stage"])
REBUILD_SECONDS = Histogram("hailong_worker_rebuild_seconds", "Time to restore one view", ["stage"], buckets=_SECONDS)
SNAPSHOTS_SAVED = Counter("hailong_worker_snapshots_saved", "Snapshots of views written to disk", ["stage"])
SNAPSHOTS_IGNORED = Counter(
    "hailong_worker_snapshots_ignored",
    "Snapshots ignored because they cannot be trusted: torn, foreign, ahead, unsound",
    ["stage", "reason"],
)
SNAPSHOT_FAILURES = Counter("hailong_worker_snapshot_failures", "Snapshots that could not be written", ["stage"])
SNAPSHOT_BYTES = Gauge("hailong_worker_snapshot_bytes", "Size of the newest snapshot", ["stage", "partition"])
SNAPSHOT_SECONDS = Histogram(
    "hailong_worker_snapshot_seconds", "Time to write one snapshot", ["stage"], buckets=_SECONDS
)
ABSORB_SECONDS = Histogram(
    "hailong_worker_absorb_seconds", "Time to update a view with one batch", ["stage"], buckets=_SECONDS
)
PUBLISH_SECONDS = Histogram(
    "hailong_worker_publish_seconds", "Time until all outputs of a batch are acknowledged", ["stage"], buckets=_SECONDS
)
PUBLISH_RETRIES = Counter(
    "hailong_worker_publish_retries", "Records produced again after an unknown outcome", ["stage"]
)
VIEW_SIZE = Gauge(
    "hailong_worker_view_size",
    "What a view holds or has published, for the join: statuses, sheets, sheets_waiting; sheets_not_known and "
    "sheets_gone, published as unmatched by this process",
    ["stage", "partition", "what"],
)
LAG = Gauge("hailong_worker_lag_records", "Records not done yet", ["stage", "topic", "partition"])
LAST_PROGRESS = Gauge(
    "hailong_worker_last_progress_timestamp_seconds", "When a batch, or a piece of a restore, was last done", ["stage"]
)
