"""Helpers of the deploy tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.local.supervisor import ChildSpec
from schemas.kafka.connection import KafkaConnection


@pytest.fixture
def script() -> Callable[..., ChildSpec]:
    """Make a child that runs a few lines of Python."""

    def make(name: str, code: str, *arguments: str, **options: object) -> ChildSpec:
        command = (sys.executable, "-u", "-c", code, *arguments)
        return ChildSpec(name, lambda: command, dict(os.environ), **options)  # type: ignore[arg-type]  # passed through

    return make


@pytest.fixture
def kafka(broker: str) -> KafkaConnection:
    """A connection whose topic names are this test's own."""
    return KafkaConnection(broker, topic_prefix=f"t{uuid4().hex[:8]}.")


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A working directory without a stack and an environment without settings."""
    for name in list(os.environ):
        if name.startswith("HAILONG_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path
