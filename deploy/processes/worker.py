"""The worker process: the stages on Faust, with metrics and health."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial

import structlog

from deploy.observability import HealthReport, serve
from deploy.processes.common import begin
from deploy.processes.reference import announced_reference
from deploy.settings.kafka import KafkaSettings
from deploy.settings.load import load
from deploy.settings.process import HttpSettings, LogSettings
from deploy.settings.reference import ReferenceSettings
from deploy.settings.registry import RegistrySettings
from deploy.settings.worker import WorkerSettings
from processors.precompile import warm
from processors.stages.all_stages import build_stages
from processors.stages.reference_policies import reference_context, reference_policies
from processors.stages.stage import Stage
from processors.worker.tuning.gc_tuning import keep_gc_pauses_short
from processors.worker.worker import Worker
from producers.clock import wall_clock
from schemas.codec.record import WriterSchemas
from schemas.reference.site.reference import ReferenceData
from schemas.reference.wording import thing_name

_log = structlog.get_logger(__name__)

NEEDS = (KafkaSettings, WorkerSettings, RegistrySettings, ReferenceSettings, HttpSettings, LogSettings)


def run(variables: Mapping[str, str]) -> int:
    """Run a worker until SIGTERM or SIGINT; returns its exit status.

    Raises:
        HailongError: It cannot start; see `processors.worker.Worker.run`.
    """
    begin("worker", variables)
    settings, http = load(WorkerSettings, variables), load(HttpSettings, variables)
    connection = load(KafkaSettings, variables).connection()
    writers = load(RegistrySettings, variables).writer_schemas(connection.topic_prefix)
    reference = announced_reference(variables)
    began = time.monotonic()
    warm()
    _log.info("kernels_ready", seconds=round(time.monotonic() - began, 1))
    keep_gc_pauses_short()
    worker = Worker(connection, chosen_stages(settings, reference, writers), settings.options(), wall_clock)

    def health() -> HealthReport:
        found = worker.health()
        return HealthReport(
            found.healthy,
            {
                "reasons": list(found.reasons),
                "stages": [asdict(stage) for stage in found.stages],
                "reference": reference.digest,
            },
        )

    with serve(http.host, http.port, health):
        return worker.run()


def chosen_stages(
    settings: WorkerSettings, reference: ReferenceData, writer_schemas: WriterSchemas
) -> tuple[Stage, ...]:
    """The stages that the settings name, with the policies they say."""
    policies = reference_policies(
        reference, complaint_threshold=settings.complaint_threshold, join=settings.join_policy()
    )
    offices = reference.offices
    named = partial(thing_name, offices)
    stages = build_stages(policies, reference_context(reference), offices.name, named, writer_schemas)
    return tuple(stage for stage in stages if stage.name in settings.stage_names())
