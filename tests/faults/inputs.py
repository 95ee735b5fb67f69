"""The inputs of a closed round as bytes, exactly as Kafka acknowledged them: the input of the oracle."""

from __future__ import annotations

import pickle
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

from schemas.batches.batch import RawBatch
from schemas.codec.wire import HEADER_BYTES
from schemas.readers.record_reader import RecordReader
from schemas.records.events import DeclarationStatus, Rating
from schemas.topics import Topic

Records = dict[Topic, list[tuple[bytes, bytes]]]
"""(key, value) of the records of each input topic."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The accepted inputs of one round, repeats included.

    Attributes:
        statuses: (event, checksum of its encoded body).
        ratings: (sheet, checksum of its encoded body).
        refused: How many more records there were that the contract does not accept.
    """

    statuses: list[tuple[DeclarationStatus, int]]
    ratings: list[tuple[Rating, int]]
    refused: int

    def of_rated_declarations(self) -> list[tuple[DeclarationStatus, int]]:
        """Statuses of rated declarations: only on these can facts depend."""
        rated = {sheet.declaration_no[:11] for sheet, _crc in self.ratings}
        return [entry for entry in self.statuses if entry[0].declaration_no[:11] in rated]


def write_inputs(path: Path, records: Records, refused: int) -> None:
    """Write the records of a round and the number of bad ones; the file appears whole or not at all."""
    draft = path.with_suffix(".draft")
    with draft.open("wb") as file:
        named = {topic.subject: found for topic, found in records.items()}
        pickle.dump((named, refused), file, pickle.HIGHEST_PROTOCOL)
    draft.replace(path)


def read_inputs(path: Path) -> Accepted:
    """What the contract accepts of the records of a round."""
    with path.open("rb") as file:
        named, refused = pickle.load(file)
    return accepted({Topic.of_subject(subject): found for subject, found in named.items()}, refused)


def accepted(records: Records, refused: int = 0) -> Accepted:
    """As `read_inputs`, for records in memory.

    Raises:
        AssertionError: The contract refuses one of them; then the load is wrong.
    """
    statuses = RecordReader(Topic.DECLARATION_STATUS, DeclarationStatus).read(_batch(records, Topic.DECLARATION_STATUS))
    sheets = RecordReader(Topic.RATING, Rating).read(_batch(records, Topic.RATING))
    assert not statuses.rejects, statuses.rejects[:3]
    assert not sheets.rejects, sheets.rejects[:3]

    def checksum(topic: Topic, index: int) -> int:
        return zlib.crc32(records[topic][index][1][HEADER_BYTES:])

    events = [(one, checksum(Topic.DECLARATION_STATUS, index)) for index, one in statuses.accepted]
    ratings = [(one, checksum(Topic.RATING, index)) for index, one in sheets.accepted]
    return Accepted(events, ratings, refused)


def _batch(records: Records, topic: Topic) -> RawBatch:
    found = records.get(topic, [])
    now = time.time_ns() // 1_000_000
    keys, values = [key for key, _value in found], [value for _key, value in found]
    return RawBatch(topic, 0, range(len(found)), [now] * len(found), keys, values)
