"""The audit on each ClickHouse."""

from __future__ import annotations

from support.clickhouses import parametrize_both

pytest_generate_tests = parametrize_both
