"""The points stand where the product passes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
from pathlib import Path
import sys
import clickhouse_driver, processors.worker.state.restore, sinks.runtime.consumer as session
from processors.transport.driver import BatchConsumer
from processors.worker.output.output_publisher import OutputPublisher
from processors.worker.output.sync_producer import SyncProducer
from processors.worker.state.snapshot_store import SnapshotStore
from faults.arming import Fuse
from faults.points import wrap_sink, wrap_worker

def seams():
    return [OutputPublisher.publish_batch, SyncProducer.publish, BatchConsumer._commit,
            processors.worker.state.restore.to_batch, SnapshotStore.write, session.Consumer,
            clickhouse_driver.Client.execute, clickhouse_driver.connection.Connection.send_data]

before = seams()
wrap_worker(Fuse(Path(sys.argv[1])))
wrap_sink(Fuse(Path(sys.argv[1])))
assert not set(before) & set(seams())
"""


def test_every_seam_exists_and_is_wrapped(tmp_path: Path) -> None:
    """A renamed port of the product fails here, and not as a point that nobody passes in a run of 40 minutes."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
        "FAULTS_CONTROL": str(tmp_path),
    }
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
