"""What the stages look up, taken from the reference data of the contract."""

from __future__ import annotations

from processors.domain.assessment.policy import ComplaintPolicy
from processors.domain.cases.policy import CaseContext, CasePolicy
from processors.domain.join.allegations import AllegationFinder
from processors.domain.join.declaration_context import StepLimits
from processors.domain.join.facts import JoinContext
from processors.domain.join.policy import JoinPolicy
from processors.domain.spikes.policy import SpikePolicy
from processors.stages.all_stages import Policies
from schemas.reference.deadlines import load_deadlines
from schemas.reference.service import load_steps
from schemas.reference.site.reference import ReferenceData, package_reference


def reference_context(reference: ReferenceData | None = None) -> JoinContext:
    """Calendar, offices, legal limits and words of allegations of the reference data; None: that of the package."""
    known = reference or package_reference()
    steps, legal = load_steps(), StepLimits()
    return JoinContext(
        calendar=known.calendar,
        directory=known.offices,
        limits=StepLimits(
            document_minutes=steps["DOCUMENT_CHECK"].limit_minutes or legal.document_minutes,
            goods_minutes=steps["GOODS_INSPECTION"].limit_minutes or legal.goods_minutes,
        ),
        words=AllegationFinder(known.allegations),
        content=known.content,
    )


def reference_policies(
    reference: ReferenceData | None = None, *, complaint_threshold: int = 2, join: JoinPolicy | None = None
) -> Policies:
    """Policies with the legal deadlines, offices and outages of the reference data; None: the data of the package."""
    known = reference or package_reference()
    return Policies(
        complaints=ComplaintPolicy(load_deadlines(), threshold=complaint_threshold),
        cases=CaseContext(CasePolicy(load_deadlines()), known.calendar, known.offices),
        join=join or JoinPolicy(),
        spikes=SpikePolicy(outages=known.outages),
    )
