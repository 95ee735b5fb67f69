"""The body, the view and the options of Alertmanager: no server at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.alert_delivery import alert, cleared

from schemas.errors import ConfigurationError
from schemas.records.alerts import Alert, AlertState, Detector, Driver
from sinks.alerts.alertmanager.alert_view import REPEAT_ENDED_MS, AlertView
from sinks.alerts.alertmanager.options import AlertmanagerOptions
from sinks.alerts.alertmanager.payload import postable


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
        "cusum": "0.50",
        "window": "24h",
        "drivers": "đội 01 (4)",
        "targets": "đội 01 (4 of 5, p = 0.0003)",
        "complaints": "60",
        "updated_at": "1970-01-01T00:01:00.000Z",
        "version": "1",
    }
    words = postable(
        replace(one, day_opinions=20, day_dissatisfied=3, day_enterprises=2, chance_months=14.2), 0, 0, options
    )
    assert words["annotations"]["last_24_hours"] == "3 of 20, from 2 enterprises"
    assert words["annotations"]["chance"] == "about once in 14 months"
    assert "drivers" not in postable(replace(one, drivers=()), 0, 0, options)["annotations"]


def test_an_alert_that_is_over_has_eased_and_no_code_is_read() -> None:
    """The topic keeps its words; people read that it eased, and names of steps and reasons in Vietnamese."""
    steps = (Driver("STEP:GOODS_INSPECTION", 5), Driver("REASON:ACCESS_SYSTEM_DOWN", 2), Driver("STEP:OF_LATER", 1))
    said = postable(cleared(alert(drivers=steps, targets=())), 0, 0, AlertmanagerOptions(["http://am"]))["annotations"]
    assert said["state"] == "EASED"
    assert said["drivers"] == ("Kiểm tra thực tế hàng hóa (5), Hệ thống điện tử lỗi hoặc gián đoạn (2), khâu khác (1)")


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
