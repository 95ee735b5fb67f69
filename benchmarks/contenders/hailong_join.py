"""Contender `hailong`: the worker with only the stage `join`, as `hailong worker` runs it.

Usage: PROGRAM BOOTSTRAP PREFIX DIRECTORY
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from processors.domain.join.policy import JoinPolicy
from processors.stages.join import JoinStage
from processors.stages.reference_policies import reference_context
from processors.worker.options import WorkerOptions
from processors.worker.tuning.gc_tuning import keep_gc_pauses_short
from processors.worker.worker import Worker
from schemas.kafka.connection import KafkaConnection

bootstrap, prefix, directory = sys.argv[1:]
options = WorkerOptions(
    group_prefix=f"{prefix}hailong.",
    # A restart within the session timeout gets its partitions at once; a second worker has another directory.
    group_instance_id=Path(directory).name,
    idle_advance_s=0,
    snapshot_directory=Path(directory),
    snapshot_interval_s=30,
)
stage = JoinStage(JoinPolicy(), reference_context())
keep_gc_pauses_short()
sys.exit(
    Worker(
        KafkaConnection(bootstrap, topic_prefix=prefix, session_timeout_ms=6000),
        [stage],
        options,
        lambda: time.time_ns() // 1_000_000,
    ).run()
)
