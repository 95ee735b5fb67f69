"""Runs `hailong worker` or `hailong sink` with named points at which it can be made to die: `launch.py worker`.

The product has no code for this. We wrap the functions that talk to the outside: publishing, commits, reading the log,
writing snapshots, inserts into ClickHouse. Then the ordinary command line runs.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from deploy.cli.main import main
from faults.arming import CONTROL, Fuse

if __name__ == "__main__":
    # As the command itself does before it loads the product, which the wrappers load here.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    from faults.points import wrap_sink, wrap_worker

    fuse = Fuse(Path(os.environ[CONTROL]))
    {"worker": wrap_worker, "sink": wrap_sink}[sys.argv[1]](fuse)
    main()
