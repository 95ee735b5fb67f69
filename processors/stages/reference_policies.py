"""What the stages look up, taken from the reference data of the contract."""

from __future__ import annotations

from processors.domain.assessment.policy import ComplaintPolicy
from processors.domain.cases.policy import CaseContext, CasePolicy
from processors.domain.join.declaration_context import StepLimits
from processors.domain.join.facts import JoinContext
from processors.domain.join.policy import JoinPolicy
from processors.domain.spikes.policy import SpikePolicy
from processors.stages.all_stages import Policies
from schemas.reference.calendar import load_calendar
from schemas.reference.deadlines import load_deadlines
from schemas.reference.offices import load_offices
from schemas.reference.outages import load_outages
from schemas.reference.service import load_steps


def reference_context() -> JoinContext:
    """Calendar, offices and legal limits as the reference data has them."""
    steps, legal = load_steps(), StepLimits()
    return JoinContext(
        calendar=load_calendar(),
        directory=load_offices(),
        limits=StepLimits(
            document_minutes=steps["DOCUMENT_CHECK"].limit_minutes or legal.document_minutes,
            goods_minutes=steps["GOODS_INSPECTION"].limit_minutes or legal.goods_minutes,
        ),
    )


def reference_policies(*, complaint_threshold: int = 2, grace_ms: int = 300_000) -> Policies:
    """Policies with the legal deadlines of the reference data."""
    return Policies(
        complaints=ComplaintPolicy(load_deadlines(), threshold=complaint_threshold),
        cases=CaseContext(CasePolicy(load_deadlines()), load_calendar(), load_offices()),
        join=JoinPolicy(grace_ms=grace_ms),
        spikes=SpikePolicy(outages=load_outages()),
    )
