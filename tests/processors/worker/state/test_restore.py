"""Restoring a view from a simulated log."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from support.cases import case_context

from processors.stages.complaints import ComplaintStage
from processors.worker.state import restore
from schemas.batches.packed_batch import PackedRecord
from schemas.kafka.connection import KafkaConnection
from schemas.topics import Topic


def test_a_restore_reports_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress is reported after each piece of the log, and not while nothing comes, so a long restore is healthy."""
    reports: list[int] = []

    def read_log(_connection: Any, _name: str, _partition: int, start: int, end: int) -> Iterator[Any]:
        for offset in range(start, end):
            yield None
            yield [PackedRecord(offset, 1, b"k", b"%d" % offset)]

    monkeypatch.setattr(restore, "read_log", read_log)
    restorer = restore.ViewRestorer(
        KafkaConnection("nowhere:1"),
        ComplaintStage(case_context()),
        threading.Event(),
        on_progress=lambda: reports.append(1),
    )
    view = restorer.restore(0, {Topic.COMPLAINT: 3})
    assert (len(reports), view.records, view.next_offsets[Topic.COMPLAINT]) == (3, 3, 3)
