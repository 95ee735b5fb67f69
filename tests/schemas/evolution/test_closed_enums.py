"""Which enums may grow, and what our readers do with a symbol that they do not know."""

from __future__ import annotations

import copy
import io
import json
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_writer
from fastavro.utils import generate_one
from support.events import WRITTEN_AT
from support.record_classes import class_named

from schemas.batches.batch import RawBatch
from schemas.catalogue import PINNED, latest, physical, schema_json
from schemas.codec.wire import frame_header
from schemas.errors import Reason
from schemas.evolution.closed_enums import CLOSED_ENUMS, enums_without_default
from schemas.evolution.compatibility import check_catalogue, incompatibilities
from schemas.readers.record_reader import RecordReader, Records
from schemas.records.alerts import Alert, Detector
from schemas.records.cases import ComplaintAction
from schemas.records.dead_letters import DeadLetterAction, DeadLetterActionKind
from schemas.topics import Topic
from sinks.clickhouse.mapping import tables

GROWN_ID = 7777
COMPLAINT = "00000000-0000-5000-8000-000000000001"


def read_grown(topic: Topic, kind: Any, enum_field: str, **fields: Any) -> Records[Any]:
    """What our reader makes of a record whose writer has one more symbol in an enum, and used it."""
    schema: Any = copy.deepcopy(dict(schema_json(latest(topic.subject).schema_id)))
    ours = copy.deepcopy(schema)
    for field in schema["fields"]:
        if field["name"] == enum_field:
            field["type"]["symbols"].append("LATER")
    assert not incompatibilities(ours, schema)
    written = parse_schema(physical(schema))
    record = {**generate_one(written), **fields, enum_field: "LATER"}
    out = io.BytesIO()
    schemaless_writer(out, written, record)
    reader = RecordReader(topic, kind, lambda _schema_id, _subject: written)
    value = frame_header(GROWN_ID) + out.getvalue()
    return reader.read(RawBatch(topic, 0, [0], [WRITTEN_AT], [COMPLAINT.encode()], [value]))


def test_every_enum_of_the_contract_has_a_default_or_is_closed() -> None:
    """The list of closed enums names exactly those without a default."""
    without = {name for pinned in PINNED for _path, name in enums_without_default(schema_json(pinned.schema_id))}
    assert without == CLOSED_ENUMS.keys()
    assert all(CLOSED_ENUMS.values())


def test_an_enum_that_cannot_grow_is_not_published(tmp_path: Path) -> None:
    """The check of the catalogue names the file, the field and the enum."""
    shutil.copytree(str(files("schemas").joinpath("avro")), tmp_path / "avro")
    shutil.copy(str(files("schemas").joinpath("fingerprints.json")), tmp_path)
    path = tmp_path / "avro" / "alert.v2.avsc"
    schema = json.loads(path.read_text())
    (detector,) = (field["type"] for field in schema["fields"] if field["name"] == "detector")
    del detector["default"]
    path.write_text(json.dumps(schema))
    assert any("alert.v2.avsc: detector has no default, so Detector can" in one for one in check_catalogue(tmp_path))


def test_enums_are_found_wherever_they_are() -> None:
    """In lists, in unions and in records inside records."""
    enum = {"type": "enum", "name": "E", "symbols": ["X"]}
    inner = {"type": "record", "name": "I", "fields": [{"name": "e", "type": ["null", enum]}]}
    schema = {"type": "record", "name": "R", "fields": [{"name": "l", "type": {"type": "array", "items": inner}}]}
    assert list(enums_without_default(schema)) == [("l.e", "E")]


@pytest.mark.parametrize("name", ["Detector", "ActorRole", "DeadLetterActionKind"])
def test_enums_that_may_grow_have_a_word_for_what_is_unknown(name: str) -> None:
    """Code can name the default."""
    assert "OTHER" in list(class_named(name))


def test_an_alert_of_a_later_detector_is_an_alert() -> None:
    """It is read and stored with the detector OTHER; everything else in it is as it was written."""
    ((_index, alert),) = read_grown(Topic.ALERT, Alert, "detector", office="03CC").accepted
    assert (alert.detector, alert.office) == (Detector.OTHER, "03CC")
    assert len(list(tables.ALERT.rows(alert, WRITTEN_AT))) == 1


def test_a_later_decision_about_a_dead_letter_is_a_decision() -> None:
    """The letter does not count as open: somebody decided about it."""
    ((_index, action),) = read_grown(Topic.DEAD_LETTER_ACTION, DeadLetterAction, "action", action_id=COMPLAINT).accepted
    assert action.action == DeadLetterActionKind.OTHER
    assert len(list(tables.DEAD_LETTER_ACTION.rows(action, WRITTEN_AT))) == 1


def test_an_action_in_a_later_role_is_set_aside() -> None:
    """Whoever does not know the role must not judge its rights: the record waits as a dead letter for a replay."""
    optional = dict.fromkeys(("unit", "to_unit", "track", "finding", "other_complaint", "score", "text", "measures"))
    found = read_grown(
        Topic.COMPLAINT_ACTION, ComplaintAction, "actor_role",
        **optional, action_id="a-1", complaint_id=COMPLAINT, action="RESOLVE", actor="x", acted_at=WRITTEN_AT,
    )  # fmt: skip
    (reject,) = found.rejects
    assert (reject.reason, reject.detail) == (Reason.BAD_FIELD, "actor_role must be ENTERPRISE or HANDLER")
