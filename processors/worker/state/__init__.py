"""The views of a worker: held for each partition, restored from snapshot and log, saved in snapshots."""
