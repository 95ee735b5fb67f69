"""What somebody did about an alert is checked before it is sent, and again where it is read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.events import WRITTEN_AT

from producers.sdk.events import InvalidEvent, encoded_alert_action
from schemas.batches.batch import RawBatch
from schemas.codec.record import encoder
from schemas.ids import alert_action_id
from schemas.keys import alert_key
from schemas.readers.record_reader import RecordReader
from schemas.records.alerts import AlertAction
from schemas.topics import Topic

ALERT = "11111111-1111-5111-8111-111111111111"
GOOD = AlertAction("a-1", ALERT, "REAL", WRITTEN_AT, "o-2210", None, "Hai công chức nghỉ ốm.")
ASSIGNED = replace(GOOD, action="ASSIGNED", assignee="o-2231")
BAD = {
    "action": replace(GOOD, action="SOLVED"),
    "alert_id": replace(GOOD, alert_id="7b1c"),
    "actor": replace(GOOD, actor="Nguyễn Văn A"),
    "assignee": replace(ASSIGNED, assignee="Nguyễn Văn A"),
    "assignee of nobody": replace(ASSIGNED, assignee=None),
    "assignee of a verdict": replace(GOOD, assignee="o-2231"),
    "text": replace(GOOD, text="x" * 4001),
    "text of EXPLAINED": replace(GOOD, action="EXPLAINED", text=" "),
    "acted_at": replace(GOOD, acted_at=0),
}


def read(key: bytes, value: bytes) -> list[AlertAction]:
    """What a reader of the topic accepts."""
    found = RecordReader(Topic.ALERT_ACTION, AlertAction).read(
        RawBatch(Topic.ALERT_ACTION, 0, [0], [WRITTEN_AT], [key], [value])
    )
    return [record for _index, record in found.accepted]


@pytest.mark.parametrize("action", [GOOD, ASSIGNED, replace(GOOD, action="FALSE", text=None)])
def test_a_good_action_arrives_as_it_was_given(action: AlertAction) -> None:
    """Under the key of its alert, so that all about one alert keeps its order."""
    key, value = encoded_alert_action(action, WRITTEN_AT)
    assert key == alert_key(ALERT)
    assert read(key, value) == [action]


@pytest.mark.parametrize(("field", "action"), BAD.items())
def test_an_action_against_the_rules_is_neither_sent_nor_read(field: str, action: AlertAction) -> None:
    """The sender is told the field; whoever writes the topic without the SDK gets a dead letter."""
    with pytest.raises(InvalidEvent) as refused:
        encoded_alert_action(action, WRITTEN_AT)
    assert [problem.field for problem in refused.value.problems] == [field.split(maxsplit=1)[0]]
    assert read(alert_key(action.alert_id), encoder("alert-action")(action.to_avro())) == []


def test_an_action_under_another_key_is_not_read() -> None:
    """Otherwise two writers of one alert could overtake each other."""
    _key, value = encoded_alert_action(GOOD, WRITTEN_AT)
    assert read(b"another", value) == []


def test_what_is_entered_twice_has_one_id() -> None:
    """The id is made of alert, action, official and time."""
    ids = {alert_action_id(ALERT, "REAL", "o-2210", at) for at in (1, 1, 2)}
    assert len(ids) == 2
    assert alert_action_id(ALERT, "FALSE", "o-2210", 1) not in ids
