"""Rebuilding a view, from a log of lists."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from support.cases import world

from processors.stages.complaints import ComplaintStage
from processors.worker.state import restore
from schemas.batches.packed_batch import PackedRecord
from schemas.kafka.connection import KafkaConnection
from schemas.topics import Topic


def test_a_rebuild_tells_that_it_gets_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """After each piece of the log, not while nothing comes: what takes minutes must not pass for stuck."""
    told: list[int] = []

    def read_log(_connection: Any, _name: str, _partition: int, start: int, bound: int) -> Iterator[Any]:
        for offset in range(start, bound):
            yield None
            yield [PackedRecord(offset, 1, b"k", b"%d" % offset)]

    monkeypatch.setattr(restore, "read_log", read_log)
    builder = restore.Rebuilder(
        KafkaConnection("nowhere:1"), ComplaintStage(world()), threading.Event(), progressed=lambda: told.append(1)
    )
    view = builder.rebuild(0, {Topic.COMPLAINT: 3})
    assert (len(told), view.records, view.next[Topic.COMPLAINT]) == (3, 3, 3)
