"""The health of a process with one or several sinks."""

from __future__ import annotations

from sinks.runtime.health import SinkMonitor, assess_all
from sinks.runtime.sink import Backlog


def test_a_process_is_healthy_while_one_of_its_sinks_is() -> None:
    """A stalled sink is named with its problem, and the other one keeps the process healthy."""
    stalled, working = SinkMonitor(stall_after_s=-1), SinkMonitor(stall_after_s=60)
    stalled.failed("status 503")
    stalled.observed({("alert", 0): 2}, Backlog(1), paused=False)

    found = assess_all({"one": stalled, "two": working})

    assert found.healthy
    assert found.reasons == ("one: nothing was delivered for 0 s (starting, lag 2, 1 in buffers): status 503",)
    assert not assess_all({"one": stalled}).healthy


def test_a_sink_with_nothing_to_do_makes_progress() -> None:
    """Without lag and backlog each look counts as progress, so a quiet night makes nothing unhealthy."""
    monitor = SinkMonitor(stall_after_s=60)
    before = monitor.progress.last_progress_at
    monitor.observed({("alert", 0): 0}, Backlog(0), paused=False)
    assert monitor.progress.last_progress_at >= before
    assert monitor.progress.lag == {"alert[0]": 0}


def test_a_sink_that_ended_is_unhealthy() -> None:
    """A failed sink is unhealthy, whatever it has delivered before."""
    monitor = SinkMonitor()
    monitor.delivered(5)
    monitor.entered_state("failed")
    assert assess_all({"sink": monitor}).reasons == ("sink: the sink failed",)
    assert monitor.progress.records == 5
