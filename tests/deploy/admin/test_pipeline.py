"""The consumer groups of a deployment are those that its processes join."""

from __future__ import annotations

import pytest

from deploy.admin.pipeline import pipeline_info
from processors.stages.catalogue import STAGES
from schemas.errors import ConfigurationError
from schemas.topics import STORED, Topic

SERVERS = {"HAILONG_KAFKA_BOOTSTRAP_SERVERS": "kafka:9092", "HAILONG_CLICKHOUSE_HOST": "clickhouse"}


def test_all_stages_and_the_sink_are_watched_in_the_order_of_the_flow() -> None:
    """Whoever reads a topic comes after all others that write it, so a wave overlooks nothing between them."""
    info = pipeline_info(SERVERS)
    assert [one.name for one in info.groups] == [*(stage.name for stage in STAGES), "sink"]
    assert [one.group for one in info.groups] == [f"hailong.{stage.name}" for stage in STAGES] + ["hailong.sink"]
    written_later: set[Topic] = set()
    for one in reversed(info.groups):
        assert not {*one.inputs} & written_later, one.name
        written_later |= {*one.outputs} - {Topic.DEAD_LETTER}
    first, loader = info.first_reader(Topic.RATING), info.loader
    assert first is not None
    assert loader is not None
    assert (first.name, loader.name, loader.inputs) == ("join", "sink", STORED)
    assert (info.grace_ms, info.idle_s) == (300_000, 5.0)


def test_settings_name_the_groups_and_alert_receivers_count_where_there_are_any() -> None:
    """Names come from the same settings as those of the processes; each Alertmanager has a group without members."""
    settings = {
        "HAILONG_WORKER_GROUP_PREFIX": "test.",
        "HAILONG_WORKER_GRACE_S": "7",
        "HAILONG_WORKER_IDLE_ADVANCE_S": "0",
        "HAILONG_SINK_GROUP": "loader",
        "HAILONG_WEBHOOK_URL": "http://receiver/hook",
        "HAILONG_ALERTMANAGER_URLS": "http://am-1:9093,http://am-2:9093",
    }
    info = pipeline_info({**SERVERS, **settings})
    assert (info.grace_ms, info.idle_s) == (7000, 0.0)
    assert [(one.group, one.has_members) for one in info.groups[3:]] == [
        ("test.spikes", True),
        ("loader", True),
        ("hailong.webhook", True),
        ("hailong.alertmanager.am-1_9093", False),
        ("hailong.alertmanager.am-2_9093", False),
    ]
    assert all(one.inputs == (Topic.ALERT,) for one in info.groups[5:])


def test_wrong_settings_are_refused() -> None:
    """An audit of other groups than the processes have would say that nothing was read."""
    with pytest.raises(ConfigurationError, match="HAILONG_WORKER_GROUP_PREFIX"):
        pipeline_info({**SERVERS, "HAILONG_WORKER_GROUP_PREFIX": "not a name"})
