"""What the pipeline accepts of a simulated scenario, as typed records for the oracle."""

from __future__ import annotations

import time
import zlib

from producers.simulator import Haiphong2020
from schemas.batches.batch import RawBatch
from schemas.readers.record_reader import RecordReader, StatusReader
from schemas.records import DeclarationStatus, Rating
from schemas.topics import Topic

_STATUS_FIELDS = tuple(DeclarationStatus.__dataclass_fields__)


def accepted(scenario: Haiphong2020) -> tuple[list[tuple[DeclarationStatus, int]], list[tuple[Rating, int]]]:
    """Accepted records with the checksums of their bodies; statuses only of declarations that are ever rated."""
    statuses, sheets = StatusReader(), RecordReader(Topic.RATING, Rating)
    frames, ratings = [], []
    now = time.time_ns() // 1_000_000
    for simulated in scenario.batches():
        for topic in (Topic.DECLARATION_STATUS, Topic.RATING):
            places = [place for place, one in enumerate(simulated.topics) if one is topic]
            names, values = [simulated.keys[p] for p in places], [simulated.values[p] for p in places]
            batch = RawBatch(topic, 0, range(len(places)), [now] * len(places), names, values)
            if topic is Topic.RATING:
                read = sheets.read(batch)
                ratings += [(one, zlib.crc32((values[index] or b"")[5:])) for index, one in read.accepted]
            elif places:
                frames.append(statuses.read(batch).frame)
    rated = {one.declaration_no[:11] for one, _crc in ratings}
    events = [
        (DeclarationStatus(*(row[name] for name in _STATUS_FIELDS)), row["crc"])
        for frame in frames
        for row in frame.iter_rows(named=True)
        if row["declaration_no"][:11] in rated
    ]
    return events, ratings
