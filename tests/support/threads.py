"""Runs work in a thread beside a test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def beside(work: Callable[[], object], stop: threading.Event, patience_s: float) -> Iterator[None]:
    """Run work in a thread for as long as the block lasts; raise its error at the end.

    Args:
        work: Runs until `stop` is set.
        stop: Set at the end of the block.
        patience_s: How long it may take to end then.
    """
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again in the test's thread
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(patience_s)
        assert not thread.is_alive()
        if failures:  # the cause of whatever the test waited for in vain
            raise failures[0]
