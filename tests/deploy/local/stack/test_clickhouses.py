"""Which ClickHouse a directory belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.clickhouse_kind import ClickHouseKind
from deploy.local.stack.clickhouses import refuse_other_data
from deploy.local.stack.layout import Layout
from schemas.errors import ConfigurationError


def test_a_directory_stays_with_its_clickhouse(tmp_path: Path) -> None:
    """With Apache Kafka the sink would go on where it stopped, over tables that are empty."""
    layout = Layout(tmp_path)
    layout.clickhouse.mkdir()
    refuse_other_data(ClickHouseKind.EMBEDDED, layout)
    with pytest.raises(ConfigurationError, match=r"holds data of the embedded ClickHouse.*--clickhouse embedded"):
        refuse_other_data(ClickHouseKind.SERVER, layout)
    layout.clickhouse.rmdir()
    layout.clickhouse_server.mkdir()
    refuse_other_data(ClickHouseKind.SERVER, layout)
    with pytest.raises(ConfigurationError, match=r"holds data of a ClickHouse server.*--clickhouse server"):
        refuse_other_data(ClickHouseKind.EMBEDDED, layout)
