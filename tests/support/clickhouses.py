"""The mark of a test that must hold on each ClickHouse."""

from __future__ import annotations

import pytest

from deploy.local.clickhouse_kind import ClickHouseKind
from support.extras import needs_clickhouse_server

BOTH = (
    pytest.param(ClickHouseKind.EMBEDDED, id="embedded"),
    pytest.param(ClickHouseKind.SERVER, id="server", marks=needs_clickhouse_server),
)

on_both_clickhouses = pytest.mark.parametrize("clickhouse_server", BOTH, indirect=True, scope="session")
"""Marks a test, or with `pytestmark` a module, that runs once on each ClickHouse. Without it the fixture
`clickhouse_server` of `tests/conftest.py` is the embedded one. The mark works through fixtures too: the test need not
name `clickhouse_server` itself. Tests below `tests/sinks/clickhouse` and `tests/sinks/audit` have it unasked."""


def parametrize_both(metafunc: pytest.Metafunc) -> None:
    """For `pytest_generate_tests` of a room: every test there that needs a ClickHouse runs on both."""
    chosen = any("clickhouse_server" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "clickhouse_server" in metafunc.fixturenames and not chosen:
        metafunc.parametrize("clickhouse_server", BOTH, indirect=True, scope="session")
