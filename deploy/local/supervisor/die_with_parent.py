"""Runs a command that dies with its parent: `python die_with_parent.py PARENT_PID COMMAND...`.

Linux sends SIGKILL to the command when the supervisor ends, however it ends, so a killed supervisor leaves nothing
running. SIGKILL, because a killed worker or sink loses nothing, while a hanging one would stay forever. It is a program
of its own, not a `preexec_fn`: Python code between fork and exec can hang if the parent has threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""From <linux/prctl.h>; it survives execve."""


def main() -> None:
    """Bind this process to its parent, then become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        sys.exit("the supervisor ended before its child started")
    try:
        os.execvp(command[0], command)  # noqa: S606 the command is the supervisor's own; no shell reads it
    except OSError as error:
        sys.exit(f"cannot run {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
