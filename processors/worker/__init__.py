"""Hosts the stages in Faust workers: reading, producing, committing, rebuilding views, shutting down."""

from processors.worker.health import StageProgress, WorkerHealth
from processors.worker.options import WorkerOptions
from processors.worker.worker import Worker, run_worker

__all__ = ["StageProgress", "Worker", "WorkerHealth", "WorkerOptions", "run_worker"]
