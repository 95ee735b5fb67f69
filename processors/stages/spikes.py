"""Stage `spikes`: counts of all offices in, alerts out. It has one partition, because it compares all offices.

It also reads its own alerts: only the topic knows what a worker published before it died without a commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from processors.domain.spikes.alert_store import AlertStore
from processors.domain.spikes.evidence import OfficeName, ThingName
from processors.domain.spikes.policy import SpikePolicy
from processors.stages.catalogue import SPIKES
from processors.stages.stage import Absorbed, Output
from schemas.batches.batch import Batch, Reject
from schemas.codec.record import WriterSchemas, pinned_only
from schemas.readers.record_reader import RecordReader
from schemas.records.alerts import Alert
from schemas.records.facts import OfficeCount
from schemas.topics import Topic


class SpikeState:
    """The view over all counts."""

    def __init__(
        self, policy: SpikePolicy, office_name: OfficeName, thing_name: ThingName, writer_schemas: WriterSchemas
    ) -> None:
        self._counts = RecordReader(Topic.OFFICE_COUNT, OfficeCount, writer_schemas)
        self._alerts = RecordReader(Topic.ALERT, Alert, writer_schemas)
        self._store = AlertStore(policy, office_name, thing_name=thing_name)
        self._more_counts = False  # whether counts were known to follow the last batch of them

    def absorb(self, batch: Batch) -> Absorbed:
        """Add counts or published alerts to the view; publish the alerts that changed.

        The alerts may wait for counts that are known to follow. Then they are published with a later batch.
        """
        rejects = self._add(batch)
        if batch.topic is Topic.OFFICE_COUNT:
            self._more_counts = batch.remaining > 0
        if self._more_counts and self._store.may_wait:
            return Absorbed((), rejects)
        return Absorbed(self._outputs(), rejects, costly=self._store.went_far_back)

    def replay(self, batch: Batch) -> None:
        """Add counts or published alerts to the view.

        Not all that this view would publish was published: the view before it may have read the log in other batches.
        So only the alerts that were read count as published. The next outputs hold all that differ from them.
        """
        self._add(batch)

    def _add(self, batch: Batch) -> Sequence[Reject]:
        if batch.topic is Topic.ALERT:
            alerts = self._alerts.read(batch)
            self._store.observe_published(alert for _index, alert in alerts.accepted)
            return alerts.rejects
        counts = self._counts.read(batch)
        self._store.add_counts(count for _index, count in counts.accepted)
        return counts.rejects

    def advance(self, now: int) -> Sequence[Output]:
        """Advance stream time; publish the alerts that this clears or raises."""
        self._store.advance(now)
        return self._outputs()

    def _outputs(self) -> list[Output]:
        return [Output(Topic.ALERT, alert) for alert in self._store.changes()]


@dataclass(frozen=True, slots=True)
class SpikeStage:
    """Compares offices and raises alerts."""

    policy: SpikePolicy
    office_name: OfficeName
    thing_name: ThingName
    writer_schemas: WriterSchemas = pinned_only
    name = SPIKES.name
    inputs = SPIKES.inputs

    def new_state(self, partition: int) -> SpikeState:  # noqa: ARG002 - there is one partition
        """An empty view."""
        return SpikeState(self.policy, self.office_name, self.thing_name, self.writer_schemas)
