"""The rules of delivery to Alertmanager, against a small HTTP server."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from support.alert_delivery import Stage, alert, cleared, now_ms, opened, settled, stage_on
from support.alertmanager import Received, certificate_for_loopback, receiver
from support.extras import needs_kafka
from support.polling import DEADLINE_S, eventually

from deploy.local.ports import free_port
from schemas.errors import ConfigurationError
from schemas.http_client import HttpClient
from sinks.alerts.alertmanager.alert_view import REPEAT_ENDED_MS
from sinks.alerts.http_post import post_json
from sinks.runtime.health import assess_all


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
        others = {alert(number).alert_id for number in (1, 3)}
        eventually(lambda: others <= ids(fake.bodies[answered:]), "repetitions of the others")
        assert sum(one["labels"]["alert_id"] == bad for one in fake.alerts) == asked
        assert REGISTRY.get_sample_value("hailong_alertmanager_alerts_total", name) == 1
        fake.answer = lambda _body: 200
        answered = len(fake.bodies)
        stage.send(alert(2, version=2))
        eventually(lambda: {bad, *others} <= ids(fake.bodies[answered:]), "the next version, and the others")


def ids(bodies: list[Any]) -> set[str]:
    """The alerts of some requests."""
    return {one["labels"]["alert_id"] for body in bodies for one in body}


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
    assert first_sent(stage, fake) == [("02CC", "EASED"), ("03CC", "OPEN")]
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
    assert first_sent(stage, fake) == [("02CC", "EASED")]


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
