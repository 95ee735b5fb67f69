"""What becomes of alerts in a real Alertmanager."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from support.alert_delivery import Stage, alert, cleared, now_ms, settled
from support.alertmanager import Alertmanager, Received
from support.extras import needs_alertmanager
from support.polling import eventually

from schemas.records.alerts import AlertState
from sinks.runtime.health import assess_all


@pytest.mark.servers
@needs_alertmanager
def test_an_alert_is_active_changes_and_is_resolved(stage: Stage, server: Alertmanager, told: Received) -> None:
    """A new version changes annotations, not the identity; people are notified of the beginning and of the end."""
    one = alert(summary_vi="Một")
    with stage.delivering(server.url, link_base="https://bi.example/alert?id="):
        stage.send(one)
        eventually(lambda: server.alerts().get(one.alert_id, {}).get("status", {}).get("state") == "active", "active")
        before = server.alerts()[one.alert_id]
        stage.send(replace(one, version=2, summary_vi="Hai", dissatisfied=9))
        eventually(lambda: server.alerts()[one.alert_id]["annotations"]["summary_vi"] == "Hai", "an update")
        after = server.alerts()
        assert len(after) == 1
        assert after[one.alert_id]["fingerprint"] == before["fingerprint"]
        assert after[one.alert_id]["startsAt"] == before["startsAt"]
        assert after[one.alert_id]["generatorURL"].endswith(one.alert_id)
        eventually(lambda: len(told.bodies) == 1, "a notification")
        ended = cleared(one, version=3)
        stage.send(ended)
        eventually(lambda: not server.alerts(), "the end")
        eventually(lambda: len(told.bodies) == 2, "its notification")
    assert [body["status"] for body in told.bodies] == ["firing", "resolved"]
    (last,) = told.bodies[-1]["alerts"]
    assert last["endsAt"][:19] == time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime((ended.cleared_at or 0) // 1000))


@pytest.mark.servers
@needs_alertmanager
def test_a_restart_resolves_what_was_cleared_meanwhile(stage: Stage, server: Alertmanager) -> None:
    """Alerts that ended while the process was away are resolved; open ones stay active; old ones never fire."""
    first, second, third, over = (alert(number) for number in range(1, 5))
    stage.send(over, cleared(over), first, second, third)
    with stage.delivering(server.url):
        eventually(lambda: len(server.alerts()) == 3, "three alerts")
    stage.send(cleared(first), cleared(second, state=AlertState.RETRACTED, cleared_at=None))
    assert len(server.alerts()) == 3
    with stage.delivering(server.url):
        eventually(lambda: set(server.alerts()) == {third.alert_id}, "two resolved")


@pytest.mark.servers
@needs_alertmanager
def test_alerts_come_back_after_alertmanager_restarts(stage: Stage, server: Alertmanager, told: Received) -> None:
    """It forgets its alerts: open ones are sent again, and people are notified of one that was cleared meanwhile."""
    one, two = alert(1), alert(2)
    with stage.delivering(server.url) as monitors:
        stage.send(one, two)
        eventually(lambda: len(told.bodies) == 1, "a notification")
        server.stop()
        eventually(lambda: monitors[server.url[7:]].progress.problem is not None, "a failure")
        stage.send(cleared(two))
        server.start()
        eventually(lambda: set(server.alerts()) == {one.alert_id}, "the open one")
        # Both may be told as firing once more before: the second is repeated until its end has been read.
        wanted = {one.alert_id: "firing", two.alert_id: "resolved"}
        eventually(lambda: _told_last(told) == wanted, "a notification about both")


def _told_last(told: Received) -> dict[str, str]:
    """The alerts of the newest notification and whether they fire."""
    return {each["labels"]["alert_id"]: each["status"] for each in told.bodies[-1]["alerts"]}


@pytest.mark.servers
@needs_alertmanager
def test_a_storm_is_one_notification(stage: Stage, server: Alertmanager, told: Received) -> None:
    """Fifty offices, not in one instant, are one message with our route; the next message is about the fifty-first."""
    end_of_pane = now_ms() + 60_000
    with stage.delivering(server.url):
        for numbers in (range(1, 26), range(26, 51)):
            stage.send(*(alert(number, raised_at=end_of_pane) for number in numbers))
        eventually(lambda: bool(told.bodies), "a notification")
        eventually(lambda: len(server.alerts()) == 50, "all alerts")
        stage.send(alert(51, raised_at=end_of_pane))
        eventually(lambda: len(told.bodies) > 1, "a notification about one more office")
    storm, later = ({each["labels"]["office"] for each in body["alerts"]} for body in told.bodies)
    assert (len(storm), later - storm) == (50, {"51CC"})


@pytest.mark.servers
@needs_alertmanager
def test_every_alertmanager_gets_every_alert(
    stage: Stage, server: Alertmanager, told: Received, tmp_path: Path
) -> None:
    """The second one is away at first: the first does not wait for it, and it catches up by itself."""
    second = Alertmanager(tmp_path / "second", told.url)
    with ExitStack() as stack:
        stack.callback(second.stop)
        first, other = stack.enter_context(stage.delivering(server.url, second.url)).items()
        stage.send(alert())
        eventually(lambda: len(server.alerts()) == 1, "the first")
        eventually(lambda: settled(first[1].progress) and bool(other[1].progress.problem), "states")
        assert assess_all(dict([first, other])).healthy
        second.start()
        eventually(lambda: len(second.alerts()) == 1, "the second")
