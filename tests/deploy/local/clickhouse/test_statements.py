from __future__ import annotations

import pytest

from deploy.local.clickhouse.statements import http_insert, native_insert

SETTINGS = "SETTINGS max_threads = 1, format_csv_delimiter = 'a, b', log_comment='it\\'s'"


@pytest.mark.parametrize("end", ["", " VALUES", " FORMAT Native", ";"])
@pytest.mark.parametrize("settings", ["", SETTINGS])
def test_an_insert_without_rows_waits_for_them(settings: str, end: str) -> None:
    """The rows follow as blocks, whatever the settings before them."""
    insert = native_insert(f"INSERT INTO t (a, b) {settings}{end}")
    assert insert is not None
    assert (insert.table, insert.settings) == ("t", settings)


@pytest.mark.parametrize("end", ["SELECT 1", "SELECT 1 FORMAT Native", "WITH 1 AS a SELECT a", "VALUES (1)"])
@pytest.mark.parametrize("settings", ["", SETTINGS, "SETTINGS readonly = DEFAULT"])
def test_an_insert_with_its_rows_waits_for_none(settings: str, end: str) -> None:
    """Settings before a SELECT or before values do not make the server wait for rows that never come."""
    assert native_insert(f"INSERT INTO t {settings} {end}") is None


def test_an_insert_over_http_keeps_its_settings_apart() -> None:
    """The rows begin after the format, and a SELECT is none."""
    insert = http_insert(f"INSERT INTO t {SETTINGS} FORMAT CSV\n1")
    assert insert is not None
    assert (insert.settings, insert.format) == (SETTINGS, "CSV")
    assert http_insert(f"INSERT INTO t {SETTINGS} SELECT 1 FORMAT CSV\n") is None
