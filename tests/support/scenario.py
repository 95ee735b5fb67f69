"""What the pipeline accepts of a simulated scenario, as typed records for the oracle."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from typing import TypeVar

from producers.simulator import Haiphong2020
from schemas.batches.batch import RawBatch
from schemas.codec.wire import HEADER_BYTES
from schemas.keys import declaration_key
from schemas.readers.record_reader import RecordReader
from schemas.records.base import Record
from schemas.records.events import DeclarationStatus, Rating
from schemas.topics import Topic

R = TypeVar("R", bound=Record)


def accepted(scenario: Haiphong2020) -> tuple[list[tuple[DeclarationStatus, int]], list[tuple[Rating, int]]]:
    """Accepted records with the checksums of their bodies; statuses only of declarations that are ever rated."""
    ratings = _accepted(scenario, Topic.RATING, Rating, lambda _key: True)
    rated = {declaration_key(one.declaration_no) for one, _crc in ratings}
    # By key, because few are rated, and all statuses at full scale would be two million objects.
    return _accepted(scenario, Topic.DECLARATION_STATUS, DeclarationStatus, rated.__contains__), ratings


def _accepted(
    scenario: Haiphong2020, topic: Topic, kind: type[R], wanted: Callable[[bytes], bool]
) -> list[tuple[R, int]]:
    reader, now, found = RecordReader(topic, kind), time.time_ns() // 1_000_000, []
    for simulated in scenario.batches():
        columns = zip(simulated.topics, simulated.keys, simulated.values, strict=True)
        chosen = [(key, value) for one, key, value in columns if one is topic and wanted(key)]
        keys, values = [key for key, _value in chosen], [value for _key, value in chosen]
        read = reader.read(RawBatch(topic, 0, range(len(chosen)), [now] * len(chosen), keys, values))
        found += [(one, zlib.crc32(values[index][HEADER_BYTES:])) for index, one in read.accepted]
    return found
