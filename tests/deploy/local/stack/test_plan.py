"""The settings of a stack."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.broker_kind import Broker
from deploy.local.clickhouse_kind import ClickHouseKind
from deploy.local.stack.layout import Layout
from deploy.local.stack.plan import Addresses, stack_variables


def variables(layout: Layout, others: dict[str, str], kind: ClickHouseKind = ClickHouseKind.EMBEDDED) -> dict[str, str]:
    """The variables of a stack."""
    return stack_variables(layout, Addresses(9092, 9000, 8123), Broker.EMBEDDED, kind, others)


def test_commands_in_other_directories_find_the_reference_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path is kept as an absolute one: other commands read it from the stack's settings."""
    monkeypatch.chdir(tmp_path)
    others = {"HAILONG_REFERENCE_FILE": "own.toml"}
    made = variables(Layout(tmp_path / "up"), others)
    assert made["HAILONG_REFERENCE_FILE"] == str(tmp_path / "own.toml")
    assert "HAILONG_REFERENCE_FILE" not in variables(Layout(tmp_path), {})


@pytest.mark.parametrize(("kind", "user"), [(ClickHouseKind.EMBEDDED, "default"), (ClickHouseKind.SERVER, "hailong")])
def test_settings_name_ports_and_user_of_clickhouse(tmp_path: Path, kind: ClickHouseKind, user: str) -> None:
    """Other clients find both ports in hailong.env, and the user, who has another name on a real server."""
    made = variables(Layout(tmp_path), {}, kind)
    assert made["HAILONG_CLICKHOUSE_USER"] == user
    assert made["HAILONG_CLICKHOUSE_PORT"] == "9000"
    assert made["HAILONG_CLICKHOUSE_HTTP_PORT"] == "8123"
    assert made["HAILONG_KAFKA_BOOTSTRAP_SERVERS"] == "127.0.0.1:9092"
    assert made["HAILONG_CLICKHOUSE_READER_USER"] == "reader"
    assert made["HAILONG_CLICKHOUSE_READER_PASSWORD_FILE"] == str(tmp_path / "clickhouse-reader.password")
