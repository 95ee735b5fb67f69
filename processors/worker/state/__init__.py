"""The views of a worker: held for each partition, restored from the log, saved in snapshots."""
