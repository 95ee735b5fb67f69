"""When a worker counts as healthy."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from processors.worker.health import StageProgress, assess_health


@pytest.mark.parametrize(
    ("state", "last", "lag", "healthy"),
    [
        ("running", 0, {}, True),
        ("running", 0, {"t[0]": 5}, False),
        ("running", 99_000, {"t[0]": 5}, True),
        ("rebalancing", 0, {}, False),
        ("failed", 99_000, {}, False),
    ],
)
def test_health_is_judged_by_progress(state: str, last: int, lag: Mapping[str, int], healthy: bool) -> None:
    """Lag without progress, an endless rebalance and a failed stage are unhealthy; an idle stage is healthy."""
    stage = StageProgress("join", state, last, 0, lag, 4)
    found = assess_health((stage,), now=100_000, stall_after_ms=60_000)
    assert found.healthy is healthy
    assert bool(found.reasons) is not healthy
