"""Streams what native code can only write into a file: it is given the path of a pipe."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Final

_PIPE_BYTES: Final = 1 << 20
_PIECE: Final = 256 << 10


def written_by(work: Callable[[str], object], stop: Callable[[], None] = lambda: None) -> Generator[bytes, None, None]:
    """What `work` writes into the file whose path it is given, as it writes it, at most `_PIPE_BYTES` ahead.

    Args:
        work: Runs in a thread of its own. The path contains no quote. What it raises, the generator raises at its end.
        stop: Called when the generator is closed early; `work` must then end, and finds its pipe broken.
    """
    read, write = os.pipe()
    with suppress(OSError):  # Linux lets each user have so many large pipes; a small one is slower, no more
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    failures: list[Exception] = []

    def run() -> None:
        try:
            work(f"/proc/self/fd/{write}")
        except Exception as error:  # noqa: BLE001 - it is raised where the pieces are read
            failures.append(error)
        finally:
            os.close(write)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ended = False
    try:
        while piece := os.read(read, _PIECE):
            yield piece
        ended = True
    finally:
        if not ended:
            stop()
        os.close(read)
        thread.join()
    if failures:
        raise failures[0]
