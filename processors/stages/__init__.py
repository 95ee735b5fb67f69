"""The stages: the pure core put behind the seam of `processors.stages.stage`."""

from __future__ import annotations

from dataclasses import dataclass, field

from processors.domain.assessment.complaint_opening import ComplaintPolicy
from processors.domain.cases.policy import CaseContext
from processors.domain.join.facts import JoinContext
from processors.domain.spikes.evidence import OfficeName
from processors.domain.spikes.policy import SpikePolicy
from processors.stages.assessment import AssessmentStage
from processors.stages.complaints import ComplaintStage
from processors.stages.join import JoinPolicy, JoinStage
from processors.stages.spikes import SpikeStage
from processors.stages.stage import Stage
from schemas.codec.record import WriterSchemas, pinned_only


@dataclass(frozen=True, slots=True)
class Policies:
    """What the stages may be told.

    Attributes:
        complaints: When a complaint is opened, and its first clocks.
        cases: How complaints are handled, and what that looks up.
        join: How the join waits and forgets.
        spikes: Thresholds of the detector.
    """

    complaints: ComplaintPolicy
    cases: CaseContext
    join: JoinPolicy = field(default_factory=JoinPolicy)
    spikes: SpikePolicy = field(default_factory=SpikePolicy)


def build_stages(
    policies: Policies,
    context: JoinContext,
    office_name: OfficeName,
    writer_schemas: WriterSchemas = pinned_only,
) -> tuple[Stage, ...]:
    """Every stage of hailong, in the order in which events pass them."""
    return (
        JoinStage(policies.join, context, writer_schemas),
        AssessmentStage(policies.complaints, context.calendar, writer_schemas),
        ComplaintStage(policies.cases, writer_schemas),
        SpikeStage(policies.spikes, office_name, writer_schemas),
    )
