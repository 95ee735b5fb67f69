"""Sheets that wait for their declaration: due after a grace period."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from processors.domain.join.sheet_store import SheetStore, StoredSheet
from processors.domain.snapshot_arrays import StateSnapshot, from_json_array, to_json_array


class GraceQueue:
    """Sheets by the Kafka timestamp at which they are published as unmatched if no declaration came."""

    def __init__(self, grace_ms: int) -> None:
        self._grace_ms = grace_ms
        self._heap: list[tuple[int, int, str]] = []
        self._sheets: dict[tuple[int, str], StoredSheet] = {}

    def wait(self, sheet: StoredSheet) -> None:
        """Add a sheet; the time of a sheet that waits already does not change."""
        identity = (sheet.key, sheet.sheet_id)
        if identity not in self._sheets:
            self._sheets[identity] = sheet
            heapq.heappush(self._heap, (sheet.written_at + self._grace_ms, *identity))

    def due_in_log(self, log_time: int) -> Iterator[StoredSheet]:
        """Sheets whose grace is over, each once.

        Args:
            log_time: The newest Kafka timestamp of the statuses that were read: statuses that were published before
                the sheet, and for some time after it, have all been read.
        """
        while self._heap and self._heap[0][0] <= log_time:
            _due, key, sheet_id = heapq.heappop(self._heap)
            yield self._sheets.pop((key, sheet_id))

    def due_at_end(self, now: int) -> Iterator[StoredSheet]:
        """Sheets whose grace is over when both logs are read to their ends, each once.

        A sheet that was sent long ago need not wait: its declaration is not in the log.

        Args:
            now: The wall clock, epoch milliseconds.
        """
        yield from self.due_in_log(now)
        old = {one for one, sheet in self._sheets.items() if sheet.latest.submitted_at + self._grace_ms <= now}
        if old:
            self._heap = [entry for entry in self._heap if entry[1:] not in old]
            heapq.heapify(self._heap)
            yield from [self._sheets.pop(identity) for identity in sorted(old)]

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
