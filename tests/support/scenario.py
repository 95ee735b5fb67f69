"""What the pipeline accepts of a simulated scenario, as typed records for the oracle."""

from __future__ import annotations

import time
import zlib
from typing import Any

from producers.simulator import Haiphong2020
from schemas.batches.batch import RawBatch
from schemas.readers.record_reader import RecordReader
from schemas.records import DeclarationStatus, Rating
from schemas.topics import Topic


def accepted(scenario: Haiphong2020) -> tuple[list[tuple[DeclarationStatus, int]], list[tuple[Rating, int]]]:
    """Accepted records with the checksums of their bodies; statuses only of declarations that are ever rated."""
    readers: dict[Topic, RecordReader[Any]] = {
        Topic.DECLARATION_STATUS: RecordReader(Topic.DECLARATION_STATUS, DeclarationStatus),
        Topic.RATING: RecordReader(Topic.RATING, Rating),
    }
    found: dict[Topic, list[tuple[Any, int]]] = {topic: [] for topic in readers}
    now = time.time_ns() // 1_000_000
    for simulated in scenario.batches():
        for topic, reader in readers.items():
            places = [place for place, one in enumerate(simulated.topics) if one is topic]
            names, values = [simulated.keys[p] for p in places], [simulated.values[p] for p in places]
            read = reader.read(RawBatch(topic, 0, range(len(places)), [now] * len(places), names, values))
            found[topic] += [(one, zlib.crc32((values[index] or b"")[5:])) for index, one in read.accepted]
    ratings = found[Topic.RATING]
    rated = {one.declaration_no[:11] for one, _crc in ratings}
    events = [(one, crc) for one, crc in found[Topic.DECLARATION_STATUS] if one.declaration_no[:11] in rated]
    return events, ratings
