"""The stages: the pure core put behind the seam of `processors.stage`."""

from __future__ import annotations

from dataclasses import dataclass, field

from processors.domain.cases.policy import CaseWorld
from processors.domain.complaints import ComplaintPolicy
from processors.domain.join import Surroundings
from processors.domain.spikes.evidence import OfficeName
from processors.domain.spikes.policy import SpikePolicy
from processors.stage import Stage
from processors.stages.assessment import AssessmentStage
from processors.stages.complaints import ComplaintStage
from processors.stages.join import JoinPolicy, JoinStage
from processors.stages.spikes import SpikeStage
from schemas.codec import WriterSchemas, pinned_only


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
    cases: CaseWorld
    join: JoinPolicy = field(default_factory=JoinPolicy)
    spikes: SpikePolicy = field(default_factory=SpikePolicy)


def build_stages(
    policies: Policies,
    surroundings: Surroundings,
    office_name: OfficeName,
    writer_schemas: WriterSchemas = pinned_only,
) -> tuple[Stage, ...]:
    """Every stage of hailong, in the order in which events pass them."""
    return (
        JoinStage(policies.join, surroundings, writer_schemas),
        AssessmentStage(policies.complaints, surroundings.calendar, writer_schemas),
        ComplaintStage(policies.cases, writer_schemas),
        SpikeStage(policies.spikes, office_name, writer_schemas),
    )
