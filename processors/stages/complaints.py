"""Stage `complaints`: complaints and what is done about them in; the state of each case, its events and answers out.

It reads its own events too: only the topic knows what a worker said that died before it could commit. All is read
before time goes on, so what a timer says is said once.
"""

from __future__ import annotations

from collections.abc import Sequence

from processors.domain.cases.case_store import CaseBook
from processors.domain.cases.policy import CaseContext
from processors.stages.catalogue import COMPLAINTS
from processors.stages.stage import Absorbed, Output
from schemas.batches.batch import Batch, Reject
from schemas.codec.record import WriterSchemas, pinned_only
from schemas.codec.wire import framed_id
from schemas.errors import Reason
from schemas.readers.record_reader import RecordReader
from schemas.records import Complaint, ComplaintAction, ComplaintAnswer, ComplaintCase, ComplaintEvent
from schemas.topics import Topic

_TOPICS = {
    ComplaintCase: Topic.COMPLAINT_CASE,
    ComplaintEvent: Topic.COMPLAINT_EVENT,
    ComplaintAnswer: Topic.COMPLAINT_ANSWER,
}


class ComplaintStageState:
    """The view over the complaints of one partition."""

    def __init__(self, world: CaseContext, writer_schemas: WriterSchemas) -> None:
        self._complaints = RecordReader(Topic.COMPLAINT, Complaint, writer_schemas)
        self._actions = RecordReader(Topic.COMPLAINT_ACTION, ComplaintAction, writer_schemas)
        self._events = RecordReader(Topic.COMPLAINT_EVENT, ComplaintEvent, writer_schemas)
        self._book = CaseBook(world)

    def absorb(self, batch: Batch) -> Absorbed:
        """Take complaints, actions, or events that were said, into the view; publish what changed."""
        if batch.topic is Topic.COMPLAINT_EVENT:
            said = self._events.read(batch)
            self._book.observe_published(event for _index, event in said.accepted)
            rejects = said.rejects
        else:
            rejects = self._open(batch) if batch.topic is Topic.COMPLAINT else self._act(batch)
        # What was said comes back as a batch: so thousands of timers that are due at once fire step by step.
        self._book.go_on()
        return Absorbed(self._outputs(), rejects)

    def _open(self, batch: Batch) -> Sequence[Reject]:
        complaints = self._complaints.read(batch)
        for _index, complaint in complaints.accepted:
            self._book.open(complaint)
        return complaints.rejects

    def _act(self, batch: Batch) -> Sequence[Reject]:
        actions = self._actions.read(batch)
        too_many = [
            Reject(
                index, Reason.BAD_FIELD, "action: there are too many for this complaint", framed_id(batch.values[index])
            )
            for index, action in actions.accepted
            if not self._book.act(action)
        ]
        return [*actions.rejects, *too_many]

    def advance(self, now: int) -> Sequence[Output]:
        """Let time pass: reminders, ends of limits, escalations, closings."""
        self._book.advance(now)
        return self._outputs()

    def _outputs(self) -> list[Output]:
        return [Output(_TOPICS[type(said)], said) for said in self._book.changes()]


class ComplaintStage:
    """Follows the handling of complaints."""

    name = COMPLAINTS.name
    inputs = COMPLAINTS.inputs

    def __init__(self, world: CaseContext, writer_schemas: WriterSchemas = pinned_only) -> None:
        self._world = world
        self._writer_schemas = writer_schemas

    def new_state(self, partition: int) -> ComplaintStageState:  # noqa: ARG002 - every partition starts alike
        """An empty view."""
        return ComplaintStageState(self._world, self._writer_schemas)
