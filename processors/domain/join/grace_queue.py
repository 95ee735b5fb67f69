"""Sheets that wait for their declaration: due after a grace period of stream time."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from processors.domain.join.sheet_store import SheetStore, StoredSheet
from processors.domain.snapshot_arrays import StateSnapshot, from_json_array, to_json_array


class GraceQueue:
    """Sheets by the time at which they are published as unmatched if no declaration came."""

    def __init__(self, grace_ms: int) -> None:
        self._grace_ms = grace_ms
        self._heap: list[tuple[int, int, str]] = []
        self._sheets: dict[tuple[int, str], StoredSheet] = {}

    def wait(self, sheet: StoredSheet) -> None:
        """Add a sheet; the time of a sheet that waits already does not change."""
        identity = (sheet.key, sheet.sheet_id)
        if identity not in self._sheets:
            self._sheets[identity] = sheet
            heapq.heappush(self._heap, (sheet.latest.submitted_at + self._grace_ms, *identity))

    def due(self, stream_time: int) -> Iterator[StoredSheet]:
        """Sheets whose time has come, each once."""
        while self._heap and self._heap[0][0] <= stream_time:
            _due, key, sheet_id = heapq.heappop(self._heap)
            yield self._sheets.pop((key, sheet_id))

    def snapshot(self) -> StateSnapshot:
        """Who waits until when."""
        return {"waiting": to_json_array(self._heap)}

    @classmethod
    def of(cls, grace_ms: int, snapshot: StateSnapshot, sheets: SheetStore) -> GraceQueue:
        """The queue of a snapshot; the sheets are those of the store."""
        made = cls(grace_ms)
        for due, key, sheet_id in from_json_array(snapshot["waiting"]):
            sheet = sheets.get(key, sheet_id)
            if sheet is not None:
                made._heap.append((due, key, sheet_id))
                made._sheets[key, sheet_id] = sheet
        heapq.heapify(made._heap)
        return made

    def __len__(self) -> int:
        """How many sheets wait."""
        return len(self._heap)
