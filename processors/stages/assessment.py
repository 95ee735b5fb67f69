"""Stage `assessment`: rated services in; satisfaction, complaints and office counts out."""

from __future__ import annotations

from collections.abc import Sequence

from processors.domain.complaints import ComplaintPolicy, complaint_of
from processors.domain.context import WorkingTime
from processors.domain.facts import FactStore, Group
from processors.domain.opinions import OpinionBook
from processors.domain.satisfaction import SatisfactionBook
from processors.stage import Absorbed, Output
from schemas.batch import RawBatch
from schemas.codec import WriterSchemas, pinned_only
from schemas.readers import RecordReader
from schemas.records import Complaint, RatedService
from schemas.topics import Topic


class AssessmentState:
    """The views of one partition: its facts, and what follows from them."""

    def __init__(self, policy: ComplaintPolicy, calendar: WorkingTime, writer_schemas: WriterSchemas) -> None:
        self._policy = policy
        self._calendar = calendar
        self._reader = RecordReader(Topic.RATED_SERVICE, RatedService, writer_schemas)
        self._facts = FactStore()
        self._satisfaction = SatisfactionBook()
        self._opinions = OpinionBook()
        self._complaints: dict[str, Complaint] = {}

    def absorb(self, batch: RawBatch) -> Absorbed:
        """Take facts into the views; publish the complaints, windows and counts that changed."""
        records = self._reader.read(batch)
        groups: dict[int, Group] = {}
        for change in self._facts.add(fact for _index, fact in records.accepted):
            self._satisfaction.count(change.before, change.after)
            groups[id(change.group)] = change.group
        outputs = [Output(Topic.COMPLAINT, complaint) for complaint in self._changed_complaints(list(groups.values()))]
        for group in groups.values():
            self._opinions.count(group)
        outputs += [Output(Topic.OFFICE_COUNT, count) for count in self._opinions.changes()]
        outputs += [Output(Topic.SATISFACTION, row) for row in self._satisfaction.changes()]
        return Absorbed(outputs, records.rejects)

    def advance(self, now: int) -> Sequence[Output]:  # noqa: ARG002 - nothing here falls due by time alone
        """Nothing falls due by time alone."""
        return ()

    def _changed_complaints(self, groups: Sequence[Group]) -> list[Complaint]:
        changed = []
        for group in groups:
            complaint = complaint_of(group, self._policy, self._calendar)
            if complaint is None:
                continue
            known = self._complaints.get(complaint.complaint_id)
            if known is None or _content(known) != _content(complaint):
                self._complaints[complaint.complaint_id] = complaint
                changed.append(complaint)
        return changed


def _content(complaint: Complaint) -> dict[str, object]:
    return {name: value for name, value in complaint.to_avro().items() if name != "version"}


class AssessmentStage:
    """Turns joined facts into rolling satisfaction, complaint follow-ups and the counts of the spike detector."""

    name = "assessment"
    inputs = (Topic.RATED_SERVICE,)

    def __init__(
        self, policy: ComplaintPolicy, calendar: WorkingTime, writer_schemas: WriterSchemas = pinned_only
    ) -> None:
        self._policy = policy
        self._calendar = calendar
        self._writer_schemas = writer_schemas

    def new_state(self, partition: int) -> AssessmentState:  # noqa: ARG002 - every partition starts alike
        """Empty views."""
        return AssessmentState(self._policy, self._calendar, self._writer_schemas)
