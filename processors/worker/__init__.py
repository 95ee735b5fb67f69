"""Hosts the stages in Faust workers.

A batch, step by step (`stage_runner.py` says what holds if a step fails):

1. fetched: `transport/fetcher.py` returns record batches, `transport/driver.py` registers them in
   `transport/offset_tracker.py`
2. view updated: `state/partition_views.py`, and the stage computes its outputs
3. outputs produced and acknowledged: `output/output_publisher.py`, `output/sync_producer.py`
4. offset marked done, and later committed: `transport/offset_tracker.py`, `transport/driver.py`

A takeover: partition assigned (`transport/driver.py`) → view restored from its newest snapshot
(`state/snapshot_store.py`) → log replayed up to the done offset (`state/restore.py`, `transport/log_reader.py`) → live.
"""
