"""Alerts to Alertmanager: the rules of delivery against a small HTTP server, and the effects in a real one."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from prometheus_client import REGISTRY
from support.alertmanager import Alertmanager, Received, certificate_for_loopback, receiver
from support.events import value_of
from support.extras import needs_alertmanager, needs_kafka
from support.polling import DEADLINE_S, eventually
from support.threads import beside

from deploy.local.ports import free_port
from schemas.errors import ConfigurationError
from schemas.http_client import HttpClient
from schemas.kafka.connection import KafkaConnection
from schemas.keys import key_of
from schemas.records.alerts import Alert, AlertState, Detector, Driver, TargetEvidence
from schemas.topics import Topic
from sinks.alerts.alertmanager.alert_view import REPEAT_ENDED_MS, AlertView
from sinks.alerts.alertmanager.options import AlertmanagerOptions
from sinks.alerts.alertmanager.payload import postable
from sinks.alerts.alertmanager.run import alertmanager_monitors, run_alertmanager
from sinks.alerts.http_post import post_json
from sinks.runtime.health import SinkMonitor, SinkProgress, assess_all

HOUR_MS = 3_600_000


def now_ms() -> int:
    """Epoch milliseconds."""
    return int(time.time() * 1000)


def alert(number: int = 1, version: int = 1, **fields: Any) -> Alert:
    """An open alert that was raised an hour ago."""
    raised = now_ms() - HOUR_MS
    return replace(
        Alert(
            f"00000000-0000-5000-8000-{number:012}", version, f"{number:02}CC", AlertState.OPEN, Detector.BURST, raised,
            raised, None, raised - 86400000, raised, 86400, 20, 5, 4, 0.017, 300.0, 0.34, 0.0000123, 0.001, 0.5,
            (Driver("TEAM:01", 4),),
            (TargetEvidence("TEAM", "01", 5, 4, 0.2, 0.0003, 5.5),),
            ("c-1", "c-2"), "Cảnh báo", "Alert",
        ),
        **fields,
    )  # fmt: skip


def cleared(one: Alert, **fields: Any) -> Alert:
    """The next version of an alert, cleared half an hour ago."""
    given = {"state": AlertState.CLEARED, "version": one.version + 1, "cleared_at": now_ms() - HOUR_MS // 2, **fields}
    return replace(one, **given)


def settled(progress: SinkProgress) -> bool:
    """Whether the last request was taken and nothing waits."""
    return progress.problem is None and not progress.buffered


def opened(url: str) -> float | None:
    """How many alerts are open for an Alertmanager, by its metric."""
    return REGISTRY.get_sample_value("hailong_alertmanager_open_alerts", {"target": url.removeprefix("http://")})


@dataclass
class Stage:
    """The topic of a test, and the processes that read it.

    Attributes:
        kafka: Connection to the broker.
    """

    kafka: KafkaConnection

    def send(self, *alerts: Alert, written_at: int = 0) -> None:
        """Write alerts as a worker does; `written_at` is their time in epoch milliseconds, 0 for now."""
        producer, name = Producer(dict(self.kafka.client_config())), Topic.ALERT.value.name(self.kafka.topic_prefix)
        for one in alerts:
            producer.produce(name, key=key_of(one), value=value_of(one, Topic.ALERT), timestamp=written_at)
        assert producer.flush(DEADLINE_S) == 0

    def options(self, *urls: str, **changed: Any) -> AlertmanagerOptions:
        """Short pauses; Alertmanager keeps an alert for longer than any test lasts."""
        given = {"resend_s": 0.3, "hold_s": 600.0, "retry_initial_s": 0.05, "retry_max_s": 0.3, "stall_after_s": 0.9}
        return AlertmanagerOptions(urls, **{**given, "group": f"{self.kafka.topic_prefix}am", **changed})

    @contextmanager
    def delivering(self, *urls: str, **changed: Any) -> Iterator[Mapping[str, SinkMonitor]]:
        """The delivery, for as long as the block lasts."""
        options, stop = self.options(*urls, **changed), threading.Event()
        monitors = alertmanager_monitors(options)
        with beside(lambda: run_alertmanager(self.kafka, options, stop, monitors=monitors), stop, 20):
            yield monitors

    def eventually_delivered(self, fake: Received, monitors: Mapping[str, SinkMonitor], before: int = 0) -> None:
        """Wait until the Alertmanager has taken a request after the first `before`, and nothing waits."""

        def delivered() -> bool:
            return len(fake.bodies) > before and all(settled(one.progress) for one in monitors.values())

        eventually(delivered, "a delivery")


def stage_on(address: str) -> Stage:
    """A topic of its own."""
    kafka = KafkaConnection(address, topic_prefix=f"t{uuid4().hex[:8]}.")
    topic = NewTopic(Topic.ALERT.value.name(kafka.topic_prefix), 1, 1, config=Topic.ALERT.value.config)
    admin = AdminClient(dict(kafka.client_config()))
    for future in admin.create_topics([topic]).values():
        future.result()
    return Stage(kafka)


@pytest.fixture
def stage(broker: str) -> Stage:
    """A topic on the embedded broker."""
    return stage_on(broker)


@pytest.fixture
def told() -> Iterator[Received]:
    """The receiver of Alertmanager's notifications."""
    with receiver() as found:
        yield found


@pytest.fixture
def fake() -> Iterator[Received]:
    """A small server in place of Alertmanager."""
    with receiver() as found:
        yield found


@pytest.fixture
def server(tmp_path: Path, told: Received) -> Iterator[Alertmanager]:
    """A real Alertmanager."""
    found = Alertmanager(tmp_path / "alertmanager", told.url)
    found.start()
    yield found
    found.stop()


# The body, the view and the options: no server at all.


def test_the_body_is_what_the_api_takes() -> None:
    """Labels name the alert, annotations hold the evidence, an open alert ends after `hold_s`, and ids are limited."""
    options = AlertmanagerOptions(["http://am"], link_base="https://bi.example/alert?id=", hold_s=600)
    one = alert(raised_at=0, updated_at=60_000, complaint_ids=tuple(f"c-{number}" for number in range(60)))
    body = postable(one, 0, 3_600_000, options)
    assert body["labels"] == {
        "alertname": "HailongDissatisfactionSpike",
        "alert_id": one.alert_id,
        "office": "01CC",
        "detector": "BURST",
        "severity": "warning",
        "service": "hailong",
    }
    assert (body["startsAt"], body["endsAt"]) == ("1970-01-01T00:00:00.000Z", "1970-01-01T01:10:00.000Z")
    assert body["generatorURL"] == f"https://bi.example/alert?id={one.alert_id}"
    said = body["annotations"]
    assert said.pop("complaint_ids").split(", ") == list(one.complaint_ids[:50])
    assert said == {
        "summary": "Cảnh báo\nAlert",
        "summary_vi": "Cảnh báo",
        "summary_en": "Alert",
        "state": "OPEN",
        "opinions": "20",
        "dissatisfied": "5",
        "enterprises": "4",
        "expected": "0.34",
        "baseline": "0.0170",
        "tail_probability": "1.2e-05",
        "adjusted_probability": "0.001",
        "cusum": "0.50",
        "window": "24h",
        "drivers": "TEAM:01 (4)",
        "targets": "TEAM:01 (4 of 5, p = 0.0003)",
        "complaints": "60",
        "updated_at": "1970-01-01T00:01:00.000Z",
        "version": "1",
    }
    assert "drivers" not in postable(replace(one, drivers=()), 0, 0, options)["annotations"]


def test_an_ended_alert_ends_in_the_past_and_not_before_it_began() -> None:
    """Panes end ahead of the clock and a retraction has no clearing time: Alertmanager must take each as resolved."""
    options, one = AlertmanagerOptions(["http://am"]), alert(raised_at=1_000_000)

    def span(ended: Alert, written_at: int, now: int) -> tuple[str, str]:
        body = postable(ended, written_at, now, options)
        return body["startsAt"][14:19], body["endsAt"][14:19]

    assert span(cleared(one, cleared_at=1_300_000), 1_400_000, 1_500_000) == ("16:40", "21:40")
    assert span(cleared(one, cleared_at=1_300_000), 1_100_000, 1_200_000) == ("16:40", "20:00")
    retracted = cleared(one, state=AlertState.RETRACTED, cleared_at=None)
    assert span(retracted, 1_400_000, 1_500_000) == ("16:40", "23:20")
    assert span(retracted, 940_000, 960_000) == ("15:40", "15:40")


def test_the_view_keeps_the_highest_version_and_what_was_not_acknowledged() -> None:
    """Older versions change nothing; an ended alert is kept until 15 minutes after its end, and until acknowledged."""
    view, one = AlertView(resend_s=60), alert(version=5)
    view.apply(one, 0, 0)
    view.apply(cleared(one), 1, 1)
    view.apply(one, 2, 2)
    view.apply(replace(one, version=6), 2, 3)
    (entry,) = view.due(10, 0.0)
    assert (entry.alert.state, entry.alert.version, view.open, view.acknowledged_before(4)) == (
        AlertState.CLEARED,
        6,
        0,
        1,
    )
    view.forget(REPEAT_ENDED_MS + 10)
    assert view.due(REPEAT_ENDED_MS + 10, 0.0) == [entry]
    entry.acknowledged, entry.sent_at = True, 0.0
    assert (view.acknowledged_before(4), view.due(10, 59.0), view.due(10, 60.0)) == (4, [], [entry])
    view.forget(REPEAT_ENDED_MS + 10)
    assert view.due(REPEAT_ENDED_MS + 10, 1e9) == []
    view.apply(replace(one, version=7), 3, 4)
    assert [entry.alert.version for entry in view.due(10, 0.0)] == [7]


def test_an_alert_whose_detector_changes_ends_under_its_former_labels() -> None:
    """The detector is a label: without an end under the old labels, one spike would be two alerts for a while."""
    view, one = AlertView(resend_s=60), alert()
    view.apply(one, 0, 0)
    view.apply(replace(one, version=2, detector=Detector.DRIFT), 5, 1)
    found = {entry.alert.detector: entry.alert.state for entry in view.due(10, 0.0)}
    assert found == {Detector.BURST: AlertState.RETRACTED, Detector.DRIFT: AlertState.OPEN}


@pytest.mark.parametrize(
    ("words", "given"),
    [
        ("no Alertmanager", {"urls": []}),
        ("must hold no user", {"urls": ["http://me:s3cret@am:9093"]}),
        ("http:// or https://", {"urls": ["ftp://am"]}),
        ("without /api/v2/alerts", {"urls": ["http://am/api/v2/alerts"]}),
        ("named twice", {"urls": ["http://am:9093", "http://AM:9093/"]}),
        ("go together", {"user": "me"}),
        ("two ways", {"user": "me", "password": "s3cret", "token": "s3cret"}),
        ("visible ASCII", {"token": "s3cret\r\nHost: elsewhere"}),
        ("flicker", {"hold_s": 100.0}),
        ("stall_after_s", {"stall_after_s": 60.0}),
        ("severity", {"severity": ""}),
    ],
)
def test_options_that_cannot_work_are_refused(words: str, given: dict[str, Any]) -> None:
    """Each mistake is reported, without the secret."""
    with pytest.raises(ConfigurationError, match=words) as caught:
        AlertmanagerOptions(**{"urls": ["http://am:9093"], **given})
    assert "s3cret" not in str(caught.value)


# The rules of delivery, against a small HTTP server.


def test_an_authority_of_ones_own_is_trusted_when_it_is_named(tmp_path: Path) -> None:
    """Nothing is sent to a server with an untrusted certificate; a file without certificates is refused."""
    certificate = certificate_for_loopback(tmp_path / "certificate.pem")
    with receiver(certificate) as fake:
        assert post_json(HttpClient(5), fake.url, b"[]", {}).text == "SSLCertVerificationError"
        assert post_json(HttpClient(5, certificate), fake.url, b"[]", {}).taken
    assert len(fake.bodies) == 1
    (tmp_path / "empty.pem").touch()
    with pytest.raises(ConfigurationError, match="holds no certificates"):
        HttpClient(5, tmp_path / "empty.pem")


@pytest.mark.servers
def test_what_passes_is_repeated_and_the_newest_version_wins(stage: Stage, fake: Received) -> None:
    """A request is repeated after 503; a newer version replaces the older one meanwhile; health shows both states."""
    fake.answer = lambda _body: 503
    with stage.delivering(fake.url) as monitors:
        stage.send(alert())
        eventually(lambda: len(fake.alerts) > 1, "a repetition")
        eventually(lambda: not assess_all(monitors).healthy, "bad health")
        stage.send(alert(version=2))
        eventually(lambda: fake.alerts[-1]["annotations"]["version"] == "2", "the newer version")
        (progress,) = assess_all(monitors).stages.values()
        assert (progress.problem, opened(fake.url)) == ("status 503", 1)
        fake.answer = lambda _body: 200
        eventually(lambda: assess_all(monitors).healthy, "good health")
    assert set(fake.paths) == {"/api/v2/alerts"}
    versions = [one["annotations"]["version"] for one in fake.alerts]
    assert versions == sorted(versions)


@pytest.mark.servers
def test_an_alert_that_is_never_taken_is_passed_over(stage: Stage, fake: Received) -> None:
    """One bad alert of three does not stop the others and is not sent again; its next version is tried."""
    bad = alert(2).alert_id
    fake.answer = lambda body: 400 if any(one["labels"]["alert_id"] == bad for one in body) else 200
    stage.send(*(alert(number) for number in range(1, 4)))
    name = {"target": fake.url.removeprefix("http://"), "outcome": "refused"}
    with stage.delivering(fake.url) as monitors:
        eventually(lambda: REGISTRY.get_sample_value("hailong_alertmanager_alerts_total", name) == 1, "the refusal")
        stage.eventually_delivered(fake, monitors)
        asked = sum(one["labels"]["alert_id"] == bad for one in fake.alerts)
        answered = len(fake.bodies)
        eventually(lambda: len(fake.bodies) > answered + 1, "repetitions of the others")
        assert sum(one["labels"]["alert_id"] == bad for one in fake.alerts) == asked
        assert REGISTRY.get_sample_value("hailong_alertmanager_alerts_total", name) == 1
        assert {len(body) for body in fake.bodies[-2:]} == {2}
        fake.answer = lambda _body: 200
        stage.send(alert(2, version=2))
        eventually(lambda: len(fake.bodies[-1]) == 3, "the next version among the others")


@pytest.mark.servers
@pytest.mark.parametrize("status", [302, 401])
def test_an_answer_about_us_costs_no_alert(stage: Stage, fake: Received, status: int) -> None:
    """A wrong password or address blames no alert: all arrive when an operator has corrected it."""
    credentials = {"user": "hailong", "password": "s3cret:ẩn"}
    pair = base64.b64encode("hailong:s3cret:ẩn".encode()).decode()
    fake.answer = lambda _body: status
    stage.send(alert(1), alert(2))
    with stage.delivering(fake.url, **credentials) as monitors:
        monitor = monitors[fake.url[7:]]
        eventually(lambda: monitor.progress.problem == f"status {status}", "a refusal")
        fake.answer = lambda _body: 200
        eventually(lambda: settled(monitor.progress) and monitor.progress.records > 0, "a delivery")
    assert len(fake.bodies[-1]) == 2
    assert fake.headers[-1]["Authorization"] == f"Basic {pair}"


@pytest.mark.servers
def test_a_wrong_address_is_noticed_before_the_first_alert(stage: Stage) -> None:
    """With nothing to send an empty request asks whether alerts would be taken."""
    url = f"http://127.0.0.1:{free_port()}"
    with stage.delivering(url) as monitors:
        (monitor,) = monitors.values()
        eventually(lambda: monitor.progress.problem == "ConnectionRefusedError", "a refused request")
        eventually(lambda: not assess_all(monitors).healthy, "bad health")
        assert opened(url) == 0


def first_sent(stage: Stage, fake: Received) -> list[tuple[str, str]]:
    """Office and state of the alerts in the first request of a process; none if that was empty."""
    before = len(fake.bodies)
    with stage.delivering(fake.url) as monitors:
        stage.eventually_delivered(fake, monitors, before)
    return sorted((found["labels"]["office"], found["annotations"]["state"]) for found in fake.bodies[before])


@pytest.mark.servers
def test_ends_are_told_after_a_restart_if_they_were_not_and_only_then(stage: Stage, fake: Received) -> None:
    """Alerts that ended before the first start are never sent; an unacknowledged end is sent by the next run, once."""
    long_ago = now_ms() - REPEAT_ENDED_MS - 60_000
    old, one, two = alert(1), alert(2), alert(3)
    stage.send(old, cleared(old), one, two, written_at=long_ago)
    assert first_sent(stage, fake) == [("02CC", "OPEN"), ("03CC", "OPEN")]
    stage.send(cleared(one), written_at=long_ago)
    fake.answer = lambda _body: 500
    with stage.delivering(fake.url) as monitors:
        eventually(lambda: monitors[fake.url[7:]].progress.problem is not None, "a failure")
    fake.answer = lambda _body: 200
    stage.send(replace(two, version=2), written_at=long_ago)
    assert first_sent(stage, fake) == [("02CC", "CLEARED"), ("03CC", "OPEN")]
    assert first_sent(stage, fake) == [("03CC", "OPEN")]


@pytest.mark.servers
@needs_kafka
def test_apache_kafka_keeps_what_was_acknowledged(apache_kafka: str, fake: Received) -> None:
    """A group without members can commit there; after a restart its offset tells which end was not acknowledged."""
    stage, long_ago = stage_on(apache_kafka), now_ms() - REPEAT_ENDED_MS - 60_000
    old, one = alert(1), alert(2)
    stage.send(old, cleared(old), one, written_at=long_ago)
    assert first_sent(stage, fake) == [("02CC", "OPEN")]
    stage.send(cleared(one), written_at=long_ago)
    assert first_sent(stage, fake) == [("02CC", "CLEARED")]


@pytest.mark.servers
def test_the_command_takes_its_secrets_from_files_and_tells_health_of_each(
    stage: Stage, fake: Received, tmp_path: Path
) -> None:
    """`hailong alertmanager` with two addresses, one of them dead: the other gets the alert; no log has the token."""
    (tmp_path / "token").write_text("s3cret-token\n")
    port, dead = free_port(), f"127.0.0.1:{free_port()}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HAILONG_")},
        "HAILONG_KAFKA_BOOTSTRAP_SERVERS": stage.kafka.bootstrap_servers,
        "HAILONG_KAFKA_TOPIC_PREFIX": stage.kafka.topic_prefix,
        "HAILONG_ALERTMANAGER_URLS": f"http://{dead}, {fake.url}",
        "HAILONG_ALERTMANAGER_TOKEN_FILE": str(tmp_path / "token"),
        "HAILONG_HTTP_PORT": str(port),
    }
    stage.send(alert())
    command = [sys.executable, "-m", "deploy.cli.main", "alertmanager"]
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        eventually(lambda: len(fake.alerts) == 1, "the alert")
        eventually(lambda: '"alerts_will_be_repeated"' in log.read_text(), "the dead address")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=DEADLINE_S) as response:
            health = json.load(response)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=DEADLINE_S) as response:
            metrics = response.read().decode()
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    finally:
        process.kill()
        process.wait()
    problems = {one["stage"]: one["problem"] for one in health["stages"]}
    assert health["healthy"]
    assert problems == {dead: "ConnectionRefusedError", fake.url[7:]: None}
    assert f'hailong_alertmanager_up{{target="{dead}"}} 0.0' in metrics
    assert fake.headers[0]["Authorization"] == "Bearer s3cret-token"
    assert "s3cret" not in log.read_text() + metrics
    delivered = next(line for line in log.read_text().splitlines() if "alert_delivered" in line)
    assert json.loads(delivered)["process"] == "alertmanager"


# What becomes of it in a real Alertmanager.


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
