"""The settings of a stack."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.broker_kind import Broker
from deploy.local.stack.layout import Layout
from deploy.local.stack.plan import Addresses, stack_variables


def test_commands_in_other_directories_find_the_reference_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path is kept as an absolute one: other commands read it from the stack's settings."""
    monkeypatch.chdir(tmp_path)
    others = {"HAILONG_REFERENCE_FILE": "own.toml"}
    made = stack_variables(Layout(tmp_path / "up"), Addresses(), Broker.EMBEDDED, others)
    assert made["HAILONG_REFERENCE_FILE"] == str(tmp_path / "own.toml")
    assert "HAILONG_REFERENCE_FILE" not in stack_variables(Layout(tmp_path), Addresses(), Broker.EMBEDDED, {})
