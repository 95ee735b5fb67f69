"""Tables, views and loader on each ClickHouse: what only the embedded one accepts is of no use."""

from __future__ import annotations

from support.clickhouses import parametrize_both

pytest_generate_tests = parametrize_both
