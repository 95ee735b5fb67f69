"""All stages in one process, joined by lists instead of topics, and restarted in every way a worker can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from processors.domain.spikes.evidence import as_coded
from processors.stages.all_stages import build_stages
from processors.stages.catalogue import STAGES
from processors.stages.reference_policies import reference_context, reference_policies
from processors.stages.stage import (
    EncodedBatch,
    Output,
    PartitionState,
    ReplayedState,
    RestorableStage,
    RestorableState,
    SpillingState,
    Stage,
)
from processors.worker.state.snapshot_store import Snapshot, SnapshotStore
from schemas.codec.record import record_encoder
from schemas.keys import key_of
from schemas.topics import Topic
from support.comparison import Last, identity
from support.events import WRITTEN_AT, batch

OUTPUTS = {topic: set(stage.outputs) for stage in STAGES for topic in stage.inputs}
"""By input topic, where its stage may write."""
_ENCODE_FACT = record_encoder(Topic.RATED_SERVICE.subject)
_PIECE = 500
"""Records that a replay reads at once: other batches than those of the first reading."""


class Restart(StrEnum):
    """How the states of a worker come back."""

    SNAPSHOT = "snapshot"  # from a snapshot of the last moment
    LOG = "log"  # from the log alone
    MOVED = "moved"  # in another worker: from the last snapshot that was saved, and the log since


class InMemoryPipeline:
    """All stages, joined by lists instead of topics; keeps the last version of every record.

    Args:
        directory: Where snapshots are saved, and large arrays of the views lie, as those of a worker.
        written_at: Kafka timestamp of every record: a history is written to Kafka long after it happened.
    """

    def __init__(self, directory: Path, written_at: int = WRITTEN_AT) -> None:
        self.stages = build_stages(reference_policies(), reference_context(), lambda code, _at: code, as_coded)
        self._stores = {
            stage.name: SnapshotStore(directory, stage, dict.fromkeys(stage.inputs, "log"))
            for stage in self.stages
            if isinstance(stage, RestorableStage)
        }
        self.states: dict[Topic, PartitionState] = {}
        for stage in self.stages:
            self.states.update(dict.fromkeys(stage.inputs, self._with_files(stage, stage.new_state(0))))
        self.last: Last = {}
        self._written_at = written_at
        self._log: dict[Topic, list[Any]] = {topic: [] for topic in self.states}

    def restart(self, way: Restart) -> None:
        """Drop the state of every stage and restore it."""
        for stage in self.stages:
            state = self._restored(stage, way)
            self.states.update(dict.fromkeys(stage.inputs, state))

    def take(self, topic: Topic, records: Sequence[Any]) -> None:
        """Give a batch to its stage, and what comes of it to the stages behind."""
        if records:
            first = len(self._log[topic])
            self._log[topic] += records
            absorbed = self.states[topic].absorb(self._batch(topic, first, len(records)))
            assert not absorbed.rejects
            assert {output.topic for output in absorbed.outputs} <= OUTPUTS[topic]
            self.spread(absorbed.outputs)

    def advance(self, now: int) -> None:
        """Let time pass everywhere, as a worker does where nothing arrives any more."""
        for state in dict.fromkeys(self.states.values()):
            self.spread(state.advance(now))

    def spread(self, outputs: Sequence[Output]) -> None:
        """Remember outputs, whose versions never fall, and hand them on."""
        if isinstance(outputs, EncodedBatch):
            written = [(key_of(one.record), _ENCODE_FACT(one.record)) for one in outputs]
            assert list(outputs.messages()) == written
            assert len(outputs) == len(written)
        produced: dict[Topic, list[Any]] = {}
        for output in outputs:
            known = self.last.get((output.topic, identity(output.record)))
            assert known is None or known.version <= output.record.version
            self.last[output.topic, identity(output.record)] = output.record
            produced.setdefault(output.topic, []).append(output.record)
        for topic, records in produced.items():
            if topic in self.states:
                self.take(topic, records)

    def _batch(self, topic: Topic, first: int, count: int) -> Any:
        records = self._log[topic][first : first + count]
        return batch(topic, records, first_offset=first, written_at=self._written_at)

    def _with_files(self, stage: Stage, state: PartitionState) -> PartitionState:
        if stage.name in self._stores and isinstance(state, SpillingState):
            state.keep_arrays_with(self._stores[stage.name].keeper(0))
        return state

    def _restored(self, stage: Stage, way: Restart) -> PartitionState:
        places, snapshot = {topic: len(self._log[topic]) for topic in stage.inputs}, None
        if way is Restart.SNAPSHOT:
            self._save(stage, places)
        if way is not Restart.LOG and stage.name in self._stores:
            snapshot = self._stores[stage.name].load(0, places)
        if way is Restart.MOVED:
            self._save(stage, places)
        if snapshot is None or not isinstance(stage, RestorableStage):
            state, places = stage.new_state(0), dict.fromkeys(stage.inputs, 0)
        else:
            state, places = stage.restored_state(0, snapshot.arrays), dict(snapshot.next_offsets)
        state = self._with_files(stage, state)
        for topic in stage.inputs:
            for first in range(places[topic], len(self._log[topic]), _PIECE):
                piece = self._batch(topic, first, _PIECE)
                if isinstance(state, ReplayedState):
                    state.replay(piece)
                else:
                    state.absorb(piece)
        return state

    def _save(self, stage: Stage, places: Mapping[Topic, int]) -> None:
        """Save the state of a stage, if it is one with snapshots."""
        state = self.states[stage.inputs[0]]
        if stage.name in self._stores and isinstance(state, RestorableState):
            self._stores[stage.name].save(Snapshot(0, places, sum(places.values()), state.snapshot()))


@contextmanager
def in_memory_pipeline(written_at: int = WRITTEN_AT) -> Iterator[InMemoryPipeline]:
    """A pipeline with a directory of its own."""
    with TemporaryDirectory() as directory:
        yield InMemoryPipeline(Path(directory), written_at)
