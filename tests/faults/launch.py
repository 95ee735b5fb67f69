"""Run `hailong worker` or `hailong sink` with points at its ports where it can be made to die: `launch.py worker`.

The product knows nothing of this. The wrappers stand where it talks to the outside: where outputs leave, where commits
return, where runs of the log and files of snapshots pass, where blocks go to ClickHouse. Then the ordinary command line
takes over.
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
