"""Builds every stage from its policies."""

from __future__ import annotations

from dataclasses import dataclass, field

from processors.domain.assessment.policy import ComplaintPolicy
from processors.domain.cases.policy import CaseContext
from processors.domain.join.facts import JoinContext
from processors.domain.join.policy import JoinPolicy
from processors.domain.spikes.evidence import OfficeName, ThingName
from processors.domain.spikes.policy import SpikePolicy
from processors.stages.assessment import AssessmentStage
from processors.stages.complaints import ComplaintStage
from processors.stages.join import JoinStage
from processors.stages.spikes import SpikeStage
from processors.stages.stage import Stage
from schemas.codec.record import WriterSchemas, pinned_only


@dataclass(frozen=True, slots=True)
class Policies:
    """The policies of the stages."""

    complaints: ComplaintPolicy
    cases: CaseContext
    join: JoinPolicy = field(default_factory=JoinPolicy)
    spikes: SpikePolicy = field(default_factory=SpikePolicy)


def build_stages(
    policies: Policies,
    context: JoinContext,
    office_name: OfficeName,
    thing_name: ThingName,
    writer_schemas: WriterSchemas = pinned_only,
) -> tuple[Stage, ...]:
    """All stages, in the order of `processors.stages.catalogue.STAGES`."""
    return (
        JoinStage(policies.join, context, writer_schemas),
        AssessmentStage(policies.complaints, context.calendar, writer_schemas),
        ComplaintStage(policies.cases, writer_schemas),
        SpikeStage(policies.spikes, office_name, thing_name, writer_schemas),
    )
