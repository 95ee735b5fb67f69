from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.clickhouse import insert_spool as module
from deploy.local.clickhouse.errors import ServerError
from deploy.local.clickhouse.insert_spool import Spool


def test_rows_move_to_the_disk_when_they_outgrow_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small or large, the file that the engine opens holds every byte in order, and none is left behind."""
    monkeypatch.setattr(module, "_MEMORY_BYTES", 1000)
    with Spool(tmp_path) as spool:
        for number in range(10):
            spool.write(bytes([number]) * 300)
        assert Path(spool.path).read_bytes() == b"".join(bytes([number]) * 300 for number in range(10))
        assert spool.size == 3000
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_an_error_of_the_insert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be kept is reported under 243, not dropped."""
    monkeypatch.setattr(module, "_MEMORY_BYTES", 10)
    with Spool(tmp_path / "missing") as spool, pytest.raises(ServerError) as raised:
        spool.write(b"x" * 11)
    assert raised.value.code == 243
