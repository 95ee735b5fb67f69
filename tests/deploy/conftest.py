"""Helpers of the deploy tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.supervisor import ChildSpec
from deploy.local.tansu import EmbeddedBroker
from schemas.kafka.connection import KafkaConnection


@pytest.fixture
def script() -> Callable[..., ChildSpec]:
    """Make a child that runs a few lines of Python."""

    def make(name: str, code: str, *arguments: str, **options: object) -> ChildSpec:
        command = (sys.executable, "-u", "-c", code, *arguments)
        return ChildSpec(name, lambda: command, dict(os.environ), **options)  # type: ignore[arg-type]  # passed through

    return make


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an embedded broker."""
    with EmbeddedBroker(tmp_path_factory.mktemp("broker")) as running:
        yield running.address


@pytest.fixture
def kafka(broker: str, request: pytest.FixtureRequest) -> KafkaConnection:
    """A connection whose topic names are this test's own."""
    prefix = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)[:60]
    return KafkaConnection(broker, topic_prefix=f"{prefix}.")


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A working directory without a stack and an environment without settings."""
    for name in list(os.environ):
        if name.startswith("HAILONG_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path
