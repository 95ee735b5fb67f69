"""Stage `complaints`: complaints and actions in; the state of each case, its events and answers out.

It also reads its own events: only the topic knows what a worker published before it died without a commit. All of them
are read before time advances, so each timer event is published once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from processors.domain.cases.case_store import CaseStore
from processors.domain.cases.policy import CaseContext
from processors.stages.catalogue import COMPLAINTS
from processors.stages.stage import Absorbed, Output
from schemas.batches.batch import Batch, Reject
from schemas.codec.record import WriterSchemas, pinned_only
from schemas.codec.wire import framed_id
from schemas.errors import Reason
from schemas.readers.record_reader import RecordReader
from schemas.records.cases import ComplaintAction, ComplaintAnswer, ComplaintCase, ComplaintEvent
from schemas.records.complaints import Complaint
from schemas.topics import Topic

_TOPICS = {
    ComplaintCase: Topic.COMPLAINT_CASE,
    ComplaintEvent: Topic.COMPLAINT_EVENT,
    ComplaintAnswer: Topic.COMPLAINT_ANSWER,
}


class ComplaintStageState:
    """The view over the complaints of one partition."""

    def __init__(self, context: CaseContext, writer_schemas: WriterSchemas) -> None:
        self._complaints = RecordReader(Topic.COMPLAINT, Complaint, writer_schemas)
        self._actions = RecordReader(Topic.COMPLAINT_ACTION, ComplaintAction, writer_schemas)
        self._events = RecordReader(Topic.COMPLAINT_EVENT, ComplaintEvent, writer_schemas)
        self._cases = CaseStore(context)

    def absorb(self, batch: Batch) -> Absorbed:
        """Add complaints, actions or published events to the view; publish what changed."""
        if batch.topic is Topic.COMPLAINT_EVENT:
            events = self._events.read(batch)
            self._cases.observe_published(event for _index, event in events.accepted)
            rejects = events.rejects
        else:
            rejects = self._add_complaints(batch) if batch.topic is Topic.COMPLAINT else self._add_actions(batch)
        # Published events come back as batches, so thousands of timers that are due at once fire step by step.
        self._cases.fire_timers()
        return Absorbed(self._outputs(), rejects)

    def _add_complaints(self, batch: Batch) -> Sequence[Reject]:
        complaints = self._complaints.read(batch)
        for _index, complaint in complaints.accepted:
            self._cases.add_complaint(complaint)
        return complaints.rejects

    def _add_actions(self, batch: Batch) -> Sequence[Reject]:
        actions = self._actions.read(batch)
        too_many = [
            Reject(
                index, Reason.BAD_FIELD, "action: there are too many for this complaint", framed_id(batch.values[index])
            )
            for index, action in actions.accepted
            if not self._cases.add_action(action)
        ]
        return [*actions.rejects, *too_many]

    def advance(self, now: int) -> Sequence[Output]:
        """Advance time: reminders, ends of limits, escalations, closings."""
        self._cases.advance(now)
        return self._outputs()

    def _outputs(self) -> list[Output]:
        return [Output(_TOPICS[type(record)], record) for record in self._cases.changes()]


@dataclass(frozen=True, slots=True)
class ComplaintStage:
    """Follows the handling of complaints."""

    context: CaseContext
    writer_schemas: WriterSchemas = pinned_only
    name = COMPLAINTS.name
    inputs = COMPLAINTS.inputs

    def new_state(self, partition: int) -> ComplaintStageState:  # noqa: ARG002 - every partition starts alike
        """An empty view."""
        return ComplaintStageState(self.context, self.writer_schemas)
