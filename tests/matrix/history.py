"""A small but full history: records of every topic that the sink stores, as they would come from Kafka.

The inputs are a thirtieth of the simulated Hai Phong, broken records included, with some complaints that go other ways
than the simulator's; the stages of the workers compute the rest. Every version of a record is kept, so that a view that
forgets FINAL shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from support.cases import action
from support.events import at, item, rating
from support.in_memory import InMemoryPipeline

from processors.stages.stage import Output
from producers.simulator import Haiphong2020
from schemas.batches.batch import RawBatch
from schemas.codec.record import record_encoder
from schemas.dead_letters.letter import dead_letter
from schemas.keys import complaint_key, declaration_key, key_of
from schemas.readers.record_reader import RecordReader
from schemas.records.cases import ComplaintAction
from schemas.records.complaints import Complaint
from schemas.records.dead_letters import DeadLetter, DeadLetterAction, DeadLetterActionKind
from schemas.records.events import DeclarationStatus, Rating
from schemas.records.facts import RatedService
from schemas.topics import DAY_MS, STORED, Topic

SCALE = 0.03
"""Of Hai Phong; the least at which there are an alert, officials and a second revision of sheets."""

INPUTS = (Topic.DECLARATION_STATUS, Topic.RATING, Topic.COMPLAINT_ACTION)

_SHEETS = 40
"""Sheets that all rate the same two officials: more than the least number from which an official is shown."""

_LOW = [f"matrix-{number}" for number in range(0, _SHEETS, 6)]
"""Those that open complaints; not at the office with the alert, for one about protected people shows no targets."""


class _RecordingPipeline(InMemoryPipeline):
    """Keeps every version of every record that a stage sends, and what it refuses."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.sent: dict[Topic, list[Any]] = {topic: [] for topic in STORED}

    def spread(self, outputs: Sequence[Output]) -> None:
        """As `InMemoryPipeline.spread`."""
        for output in outputs:
            self.sent[output.topic].append(output.record)
        super().spread(outputs)

    def read(self, batch: RawBatch) -> None:
        """Give inputs to their stage; records that it refuses become dead letters."""
        absorbed = self.states[batch.topic].absorb(batch)
        self.spread(absorbed.outputs)
        self.sent[Topic.DEAD_LETTER] += [
            dead_letter(batch, reject, stage="join", topic_name=batch.topic.subject, topic_identity="cluster/topic")
            for reject in absorbed.rejects
        ]


def history() -> list[RawBatch]:
    """Batches of every stored topic, each from partition 0; the same with every call."""
    batches: list[RawBatch] = []
    with TemporaryDirectory() as directory:
        pipeline, now = _RecordingPipeline(Path(directory)), 0
        ends = dict.fromkeys(INPUTS, 0)

        def read(batch: RawBatch) -> None:
            batches.append(batch)
            pipeline.read(batch)
            ends[batch.topic] = batch.end

        for batch in _simulated():
            read(batch)
            now = batch.timestamps[-1]
            pipeline.advance(now)
        read(_batch(Topic.RATING, _sheets(batches), now, ends[Topic.RATING]))
        complaints = [one for one in pipeline.last.values() if isinstance(one, Complaint) and one.sheet_id in _LOW]
        read(_batch(Topic.COMPLAINT_ACTION, list(_other_ways(complaints)), now, ends[Topic.COMPLAINT_ACTION]))
        pipeline.advance(now + 30 * DAY_MS)
        # Some facts were made when the reference data did not know their target.
        facts = [one for one in pipeline.last.values() if isinstance(one, RatedService)]
    pipeline.sent[Topic.RATED_SERVICE] += [
        replace(one, version=one.version + 1, target_known=not one.target_known) for one in facts[::50]
    ]
    pipeline.sent[Topic.DEAD_LETTER_ACTION] += _decisions(pipeline.sent[Topic.DEAD_LETTER])
    return batches + [_batch(topic, records, now) for topic, records in pipeline.sent.items() if records]


def _simulated() -> Iterator[RawBatch]:
    """Batches of the simulator, each split by topic."""
    ends = dict.fromkeys(INPUTS, 0)
    for simulated in Haiphong2020(7, SCALE, handling=True).batches():
        for topic in INPUTS:
            chosen = [place for place, one in enumerate(simulated.topics) if one is topic]
            if chosen:
                first, ends[topic] = ends[topic], ends[topic] + len(chosen)
                yield RawBatch(
                    topic,
                    0,
                    range(first, ends[topic]),
                    [simulated.arrival_at[place] for place in chosen],
                    [simulated.keys[place] for place in chosen],
                    [simulated.values[place] for place in chosen],
                )


def _sheets(batches: Sequence[RawBatch]) -> list[Rating]:
    """Sheets about the first declarations of different enterprises."""
    reader, found = RecordReader(Topic.DECLARATION_STATUS, DeclarationStatus), dict[str, DeclarationStatus]()
    for batch in batches:
        if batch.topic is Topic.DECLARATION_STATUS and len(found) < _SHEETS:
            found |= {one.tax_code: one for _place, one in reader.read(batch).accepted if one.tax_code}
    return [
        rating(
            f"matrix-{number}",
            1,
            at("2020-05-11 08:00") + number * 3_600_000,
            item("OFFICIAL", "matrix-1", 3 + number % 3),
            item("OFFICIAL", "matrix-2", 5),
            item("TEAM", "01", 1 if f"matrix-{number}" in _LOW else 4),
            declaration_no=one.declaration_no,
            tax_code=one.tax_code,
        )
        for number, one in enumerate(list(found.values())[:_SHEETS])
    ]


def _other_ways(complaints: Sequence[Complaint]) -> Iterator[ComplaintAction]:
    """Actions that the simulator does not know."""
    told, joined, *others = sorted(complaints, key=lambda one: one.complaint_id)

    def first(one: Complaint, name: str, **fields: Any) -> ComplaintAction:
        actor = {"actor": one.tax_code} if name == "WITHDRAW" else {"unit": one.office}
        return action(name, one.opened_at + 60_000, complaint_id=one.complaint_id, **actor, **fields)

    yield first(told, "CHANGE_TRACK", track="DENUNCIATION")
    yield replace(first(told, "ABSORB", other_complaint=joined.complaint_id), acted_at=told.opened_at + 120_000)
    yield first(joined, "MERGE", other_complaint=told.complaint_id)
    yield first(others[0], "CHANGE_TRACK", track="COMPLAINT")
    yield first(others[1], "REJECT")
    yield first(others[2], "TRANSFER")
    yield first(others[3], "WITHDRAW")


def _decisions(letters: Sequence[DeadLetter]) -> list[DeadLetterAction]:
    """One of each kind."""
    return [
        DeadLetterAction(
            str(UUID(int=number)),
            1,
            letter.dead_letter_id,
            kind,
            letter.recorded_at + DAY_MS,
            "operator",
            None,
            None,
            None,
        )
        for number, (letter, kind) in enumerate(zip(letters, DeadLetterActionKind, strict=False), 1)
    ]


def _batch(topic: Topic, records: Sequence[Any], written_at: int, first: int = 0) -> RawBatch:
    encode = record_encoder(topic.subject)
    return RawBatch(
        topic,
        0,
        range(first, first + len(records)),
        [written_at] * len(records),
        [_key(one) for one in records],
        [encode(one) for one in records],
    )


def _key(record: Any) -> bytes | None:
    match record:
        case ComplaintAction():
            return complaint_key(record.complaint_id)
        case Rating():
            return declaration_key(record.declaration_no)
        case DeadLetter():
            return record.key
    return key_of(record)
