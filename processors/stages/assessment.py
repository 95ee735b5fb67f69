"""Stage `assessment`: rated services in; satisfaction, complaints and office counts out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from processors.domain.assessment.complaint_opening import complaint_of
from processors.domain.assessment.fact_store import FactStore, Group
from processors.domain.assessment.office_counts import OfficeCounts
from processors.domain.assessment.policy import ComplaintPolicy
from processors.domain.assessment.remarks import is_remark
from processors.domain.assessment.repeat_complaints import RepeatComplaints
from processors.domain.assessment.satisfaction import SatisfactionStore
from processors.domain.join.declaration_context import WorkingTime
from processors.stages.catalogue import ASSESSMENT
from processors.stages.stage import Absorbed, Output
from schemas.batches.batch import Batch
from schemas.codec.record import WriterSchemas, pinned_only
from schemas.readers.record_reader import RecordReader
from schemas.records.complaints import Complaint
from schemas.records.facts import RatedService
from schemas.topics import Topic


class AssessmentState:
    """The views of one partition: its facts, and the figures computed from them."""

    def __init__(self, policy: ComplaintPolicy, calendar: WorkingTime, writer_schemas: WriterSchemas) -> None:
        self._policy = policy
        self._calendar = calendar
        self._reader = RecordReader(Topic.RATED_SERVICE, RatedService, writer_schemas)
        self._facts = FactStore()
        self._satisfaction = SatisfactionStore()
        self._counts = OfficeCounts()
        self._repeats = RepeatComplaints()

    def absorb(self, batch: Batch) -> Absorbed:
        """Add facts to the views; publish the complaints, windows and counts that changed."""
        records = self._reader.read(batch)
        changed: dict[int, Group] = {}
        # One by one: the counts must not depend on how the log is cut into batches.
        for change in self._facts.add_facts(fact for _index, fact in records.accepted):
            self._satisfaction.apply(change)
            self._counts.apply(change)
            # Before the batch is over: a worker that died may have published what is no remark any more by its end.
            if change.after.has_comment and is_remark(change.group, self._policy.threshold):
                change.group.remarked = True
            if change.material:
                changed[id(change.group)] = change.group
        outputs = [Output(Topic.COMPLAINT, complaint) for complaint in self._complaints(changed.values())]
        outputs += [Output(Topic.OFFICE_COUNT, count) for count in self._counts.changes()]
        outputs += [Output(Topic.SATISFACTION, row) for row in self._satisfaction.changes()]
        return Absorbed(outputs, records.rejects)

    def advance(self, now: int) -> Sequence[Output]:  # noqa: ARG002 - nothing here falls due by time alone
        """Nothing falls due by time alone."""
        return ()

    def _complaints(self, groups: Iterable[Group]) -> Iterator[Complaint]:
        # First record all of them: only then is it known which complaint repeats which.
        recorded = [group for group in groups if self._complaint(group) is not None]
        touched = {id(group): group for group in recorded}
        for group in recorded:
            touched.update((id(other), other) for other in self._repeats.related(group))
        for group in touched.values():
            complaint = self._complaint(group)
            if complaint is not None:
                yield complaint

    def _complaint(self, group: Group) -> Complaint | None:
        return complaint_of(group, self._policy, self._calendar, self._repeats)


@dataclass(frozen=True, slots=True)
class AssessmentStage:
    """Turns joined facts into rolling satisfaction, complaint follow-ups and the counts of the spike detector."""

    policy: ComplaintPolicy
    calendar: WorkingTime
    writer_schemas: WriterSchemas = pinned_only
    name = ASSESSMENT.name
    inputs = ASSESSMENT.inputs

    def new_state(self, partition: int) -> AssessmentState:  # noqa: ARG002 - every partition starts alike
        """Empty views."""
        return AssessmentState(self.policy, self.calendar, self.writer_schemas)
