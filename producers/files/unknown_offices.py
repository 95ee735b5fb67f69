"""Counts events of an import whose office the reference data does not have: they are sent, but may be mistakes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from schemas.reference.offices import OfficeDirectory
from schemas.topics import Topic

MOST_CODES = 1000
"""Further codes are counted together, so that a file full of mistakes does not fill the memory."""

OTHERS = "others"


class UnknownOffices:
    """The codes that were not known at the time of their event, with the number of events.

    Args:
        directory: The offices.
    """

    def __init__(self, directory: OfficeDirectory) -> None:
        self._directory = directory
        self.events: Counter[str] = Counter()

    def look_at(self, topic: Topic, record: Mapping[str, Any]) -> None:
        """Count the unknown offices of one valid event, each once."""
        for code, at in set(_offices(topic, record)):
            if not self._directory.known(code, at):
                self.events[code if code in self.events or len(self.events) < MOST_CODES else OTHERS] += 1


def _offices(topic: Topic, record: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    if topic is Topic.DECLARATION_STATUS:
        yield record["office"], record["occurred_at"]
    elif topic is Topic.RATING:
        for item in record["items"]:
            yield item["office"], record["submitted_at"]
