"""A topic, and what stands at the other end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.alert_delivery import Stage, stage_on
from support.alertmanager import Alertmanager, Received, receiver


@pytest.fixture
def stage(broker: str) -> Stage:
    """A topic on the embedded broker."""
    return stage_on(broker)


@pytest.fixture
def told() -> Iterator[Received]:
    """The receiver of Alertmanager's notifications."""
    with receiver() as found:
        yield found


@pytest.fixture
def fake() -> Iterator[Received]:
    """A small server in place of Alertmanager."""
    with receiver() as found:
        yield found


@pytest.fixture
def server(tmp_path: Path, told: Received) -> Iterator[Alertmanager]:
    """A real Alertmanager."""
    found = Alertmanager(tmp_path / "alertmanager", told.url)
    found.start()
    yield found
    found.stop()
