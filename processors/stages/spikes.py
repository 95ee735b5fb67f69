"""Stage `spikes`: counts of all offices in, alerts out. One partition: it must see every office.

It reads its own alerts too: only the topic knows what a worker said that died before it could commit.
"""

from __future__ import annotations

from collections.abc import Sequence

from processors.domain.spikes.alert_store import SpikeBook
from processors.domain.spikes.evidence import OfficeName
from processors.domain.spikes.policy import SpikePolicy
from processors.stages.catalogue import SPIKES
from processors.stages.stage import Absorbed, Output
from schemas.batches.batch import Batch
from schemas.codec.record import WriterSchemas, pinned_only
from schemas.readers.record_reader import RecordReader
from schemas.records import Alert, OfficeCount
from schemas.topics import Topic


class SpikeState:
    """The view over all counts."""

    def __init__(self, policy: SpikePolicy, office_name: OfficeName, writer_schemas: WriterSchemas) -> None:
        self._counts = RecordReader(Topic.OFFICE_COUNT, OfficeCount, writer_schemas)
        self._alerts = RecordReader(Topic.ALERT, Alert, writer_schemas)
        self._book = SpikeBook(policy, office_name)

    def absorb(self, batch: Batch) -> Absorbed:
        """Take counts, or alerts that were said, into the view; publish the alerts that changed."""
        if batch.topic is Topic.ALERT:
            said = self._alerts.read(batch)
            self._book.observe_published(alert for _index, alert in said.accepted)
            return Absorbed(self._outputs(), said.rejects)
        counts = self._counts.read(batch)
        self._book.add(count for _index, count in counts.accepted)
        return Absorbed(self._outputs(), counts.rejects)

    def advance(self, now: int) -> Sequence[Output]:
        """Move stream time on; publish the alerts that are cleared by it."""
        self._book.advance(now)
        return self._outputs()

    def _outputs(self) -> list[Output]:
        return [Output(Topic.ALERT, alert) for alert in self._book.changes()]


class SpikeStage:
    """Compares offices and raises alerts."""

    name = SPIKES.name
    inputs = SPIKES.inputs

    def __init__(
        self, policy: SpikePolicy, office_name: OfficeName, writer_schemas: WriterSchemas = pinned_only
    ) -> None:
        self._policy = policy
        self._office_name = office_name
        self._writer_schemas = writer_schemas

    def new_state(self, partition: int) -> SpikeState:  # noqa: ARG002 - there is one partition
        """An empty view."""
        return SpikeState(self._policy, self._office_name, self._writer_schemas)
