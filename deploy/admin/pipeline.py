"""The consumer groups of a deployment, from its settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deploy.settings.alertmanager import AlertmanagerSettings
from deploy.settings.clickhouse import ClickHouseSettings
from deploy.settings.kafka import KafkaSettings
from deploy.settings.load import load
from deploy.settings.sink import SinkSettings
from deploy.settings.webhook import WebhookSettings
from deploy.settings.worker import WorkerSettings
from processors.stages.catalogue import STAGES
from schemas.topics import STORED, Topic
from sinks.audit.pipeline_info import PipelineInfo, ReaderGroup

NEEDS = (
    KafkaSettings,
    ClickHouseSettings,
    WorkerSettings,
    SinkSettings,
    WebhookSettings,
    AlertmanagerSettings,
)
"""Settings that an audit reads: where the servers are, and the groups of all processes."""


def pipeline_info(variables: Mapping[str, str]) -> PipelineInfo:
    """The stages and the sink; webhook and Alertmanager if the settings name their addresses.

    Raises:
        ConfigurationError: Settings are invalid.
    """
    worker = load(WorkerSettings, variables)
    return PipelineInfo((*_groups(variables),), round(worker.grace_s * 1000), worker.idle_advance_s)


def _groups(variables: Mapping[str, str]) -> Iterator[ReaderGroup]:
    worker, refused = load(WorkerSettings, variables).options(), (Topic.DEAD_LETTER,)
    for stage in STAGES:
        outputs = (*stage.outputs, *refused)
        yield ReaderGroup(stage.name, worker.group(stage.name), "hailong worker", stage.inputs, outputs)
    yield ReaderGroup("sink", load(SinkSettings, variables).group, "hailong sink", STORED, refused)
    webhook, alertmanager = load(WebhookSettings, variables), load(AlertmanagerSettings, variables)
    if webhook.url is not None:
        yield ReaderGroup("webhook", webhook.group, "hailong webhook", (Topic.ALERT,))
    if alertmanager.urls is not None:
        options = alertmanager.options()
        for target in options.targets:
            group, command = options.group_of(target), "hailong alertmanager"
            yield ReaderGroup(f"alertmanager {target}", group, command, (Topic.ALERT,), has_members=False)
