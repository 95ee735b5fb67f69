from __future__ import annotations

import base64
import gzip
import json
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from producers.files.lines import MAX_LINE_BYTES
from producers.files.rejects import RejectWriter
from producers.files.report import FileKind
from schemas.contacts.sealing import Contact, SealingKeys, open_key, seal, unseal
from schemas.errors import ConfigurationError, Reason
from schemas.records.events import ContactKey
from schemas.topics import Topic

KEYS = SealingKeys("test", {"test": bytes(32)})
STATUS = {
    "event_id": "e1",
    "declaration_no": "103000000010",
    "status": "REGISTERED",
    "occurred_at": "2020-05-04T08:30:00+07:00",
    "office": "03CC",
}
RATING: dict[str, Any] = {
    "sheet_id": "s1",
    "revision": 1,
    "declaration_no": "103000000010",
    "submitted_at": "2020-05-04T01:30:00Z",
    "phase": "AFTER_CLEARANCE",
    "items": [{"target": "OFFICE", "office": "03CC", "target_id": "03CC", "score": 2, "reason": "LATE_DECISION"}],
}
AT = 1_588_555_800_000
STATUS_HEADER = "event_id,declaration_no,status,occurred_at,office,team\n"


def lines(*events: Any) -> str:
    """Events as JSON Lines."""
    return "".join(json.dumps(event) + "\n" for event in events)


def test_both_kinds_of_events_may_stand_in_one_json_file(outbox: Any) -> None:
    """Statuses and ratings are told apart by their fields, and each goes to its topic under the declaration's key."""
    report = outbox.publish(outbox.file("a.jsonl", lines(STATUS, RATING)))
    assert [topic for topic, _key, _record in outbox.sent] == [Topic.DECLARATION_STATUS, Topic.RATING]
    assert {key for _topic, key, _record in outbox.sent} == {b"10300000001"}
    assert (outbox.records[0]["occurred_at"], outbox.records[1]["submitted_at"]) == (AT, AT)
    assert outbox.records[1]["items"][0]["score"] == 2
    assert (report.read, report.sent, report.rejected, report.clean) == (2, 2, 0, True)
    assert outbox.flushed


@pytest.mark.parametrize(
    "time", ["2020-05-04T08:30:00+07:00", "2020-05-04T01:30:00Z", "2020-05-04 08:30:00.000+07:00", AT, str(AT)]
)
def test_times_with_an_offset_or_in_milliseconds_are_read(outbox: Any, time: Any) -> None:
    """All allowed ways to write one time give the same milliseconds."""
    outbox.publish(outbox.file("a.jsonl", lines({**STATUS, "occurred_at": time})))
    assert [record["occurred_at"] for record in outbox.records] == [AT]


@pytest.mark.parametrize("time", ["2020-05-04T08:30:00", "04/05/2020 08:30", 1.5e12, True, "", "now", [AT]])
def test_a_time_that_does_not_say_its_offset_is_rejected(outbox: Any, time: Any) -> None:
    """A local time without offset, or a text that is not a time, is rejected."""
    outbox.publish(outbox.file("a.jsonl", lines({**STATUS, "occurred_at": time})))
    assert not outbox.sent
    assert outbox.faults == [(1, "occurred_at")]


def test_every_fault_of_a_line_is_named_and_the_other_lines_are_sent(outbox: Any) -> None:
    """A rejected line costs only itself; its faults come with line, field and reason."""
    bad = {**STATUS, "office": "lower", "declaration_no": "12", "occurred_at": AT * 2}
    report = outbox.publish(outbox.file("a.jsonl", lines(STATUS, bad, {**STATUS, "event_id": "e3"})))
    assert [record["event_id"] for record in outbox.records] == ["e1", "e3"]
    assert outbox.faults == [(2, "declaration_no"), (2, "office"), (2, "occurred_at")]
    assert outbox.rejections[2].reason is Reason.BAD_TIME
    assert (report.read, report.sent, report.rejected, report.clean) == (3, 2, 1, False)


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("{", "line"),
        ("[1]", "line"),
        ("5", "line"),
        ('{"event_id": "a", "event_id": "b"}', "line"),
        ('{"score": NaN}', "line"),
        ("[" * 100_000, "line"),
        ('{"event_id": ' + "9" * 5000 + "}", "line"),
        ('{"other": 1}', "line"),
        (json.dumps({**STATUS, "color": "red"}), "color"),
        (json.dumps({**STATUS, "Nguyen Van A 0912": "red"}), "(unnamed)"),
        (json.dumps({**STATUS, "declaration_no": 103000000010}), "declaration_no"),
        (json.dumps({**STATUS, "status": "APPROVED"}), "status"),
        (json.dumps({**STATUS, "event_id": "\ud800"}), "event_id"),
        (json.dumps({**RATING, "items": [{**RATING["items"][0], "score": 6}]}), "items[0].score"),
        (json.dumps({**RATING, "items": [{**RATING["items"][0], "score": "5"}]}), "items[0].score"),
        (json.dumps({**RATING, "items": [5]}), "items[0]"),
        (json.dumps({**RATING, "items": {}}), "items"),
        (json.dumps({**RATING, "items": []}), "items"),
        (json.dumps({**RATING, "comment": "x" * 5000}), "comment"),
        (json.dumps({**RATING, "contact": "clear text"}), "contact"),
        (json.dumps({**RATING, "contact": base64.b64encode(b"Nguyen Van A").decode()}), "contact"),
        (json.dumps({**RATING, "contact_name": 5}), "contact_name"),
    ],
)
def test_a_hostile_line_is_rejected_with_the_field(outbox: Any, line: str, field: str) -> None:
    """The line is not sent, its values are not repeated in messages, and the next line is sent."""
    report = outbox.publish(outbox.file("a.jsonl", line + "\n" + lines(STATUS)), sealing_keys=KEYS)
    assert outbox.faults == [(1, field)]
    assert report.sent == 1
    assert "Nguyen" not in str(outbox.rejections)


def test_lines_that_are_no_text_or_too_long_cost_only_themselves(outbox: Any) -> None:
    """Broken UTF-8 and a line of many megabytes are skipped; later lines keep their numbers."""
    good = lines(STATUS).encode()
    content = b"\xef\xbb\xbf" + good + b'{"a": "\xff"}\n' + b"x" * (3 * MAX_LINE_BYTES) + b"\n\r\n" + good + good[:-1]
    report = outbox.publish(outbox.file("a.jsonl", content))
    assert outbox.faults == [(2, "line"), (3, "line")]
    assert (report.sent, report.rejected) == (3, 2)


def test_a_file_in_utf16_is_refused_with_advice(outbox: Any) -> None:
    """A file in UTF-16, Excel's Unicode text, is refused with advice, and nothing is sent."""
    report = outbox.publish(outbox.file("a.csv", STATUS_HEADER.encode("utf-16")))
    assert "UTF-16" in outbox.rejections[0].rule
    assert not report.clean


def test_gzip_is_unpacked_and_a_cut_archive_keeps_what_came_before(outbox: Any) -> None:
    """A damaged archive is reported where it ends; what was read before is sent."""
    packed = gzip.compress(
        lines(*[{**STATUS, "event_id": sha256(b"%d" % n).hexdigest()} for n in range(9000)]).encode()
    )
    report = outbox.publish(outbox.file("a.jsonl.gz", packed), outbox.file("b.jsonl.gz", packed[:-20_000]))
    whole, cut = report.files
    assert (whole.sent, whole.complete) == (9000, True)
    assert 0 < cut.sent < 9000
    assert not cut.complete
    assert outbox.rejections[0].field == "file"


def test_statuses_in_csv_with_any_usual_delimiter(outbox: Any) -> None:
    """Comma, semicolon and tab are recognised by the header; an empty cell is an absent value."""
    row = "e1,103000000010,REGISTERED,2020-05-04T08:30:00+07:00,03CC,\n"
    for mark in ",;\t":
        outbox.publish(outbox.file("a.csv", (STATUS_HEADER + row).replace(",", mark)))
    assert [record["team"] for record in outbox.records] == [None] * 3
    assert not outbox.rejections


@pytest.mark.parametrize("stray", ['e2"', '"e2', 'a"b"c"'])
def test_a_stray_quote_costs_only_its_line(outbox: Any, stray: str) -> None:
    """However far away the next quote is, only the line with the quote is rejected."""
    good = [f"g{n},103000000010,REGISTERED,{AT},03CC,01" for n in range(300)]
    bad = f"{stray},103000000010,REGISTERED,{AT},03CC,01"
    content = STATUS_HEADER + "\n".join([*good[:50], bad, *good[50:60], bad, *good[60:]]) + "\n"
    report = outbox.publish(outbox.file("a.csv", content))
    assert outbox.faults == [(52, outbox.rejections[0].field), (63, outbox.rejections[1].field)]
    assert report.sent == 300


@pytest.mark.parametrize(
    ("header", "field", "words"),
    [
        ("", "file", "header line"),
        ("event_id,event_id,declaration_no,status,occurred_at,office", "event_id", "twice"),
        ("event_id,declarationno,status,occurred_at,office", "declarationno", "did you mean declaration_no"),
        ("Nguyen,Van,A", "file", "must begin with a header line"),
        ("declaration_no,office", "file", "event_id for a status"),
    ],
)
def test_a_header_that_cannot_be_used_says_why(outbox: Any, header: str, field: str, words: str) -> None:
    """The whole file is refused; a first line that is data is not repeated."""
    report = outbox.publish(outbox.file("a.csv", header + "\nNguyen,1,2,3,4\n"))
    assert (outbox.rejections[0].field, words in outbox.rejections[0].rule) == (field, True)
    assert "Nguyen" not in str(outbox.rejections)
    assert (report.read, report.clean) == (0, False)


def test_an_unsealed_contact_is_sealed_or_its_line_rejected(outbox: Any) -> None:
    """With keys the contact is sealed; without keys the line is rejected."""
    path = outbox.file("a.jsonl", lines({**RATING, "contact_name": "Nguyễn Văn A", "contact_phone": "0912 345 678"}))
    outbox.publish(path)
    assert outbox.faults == [(1, "contact_name")]
    assert not outbox.sent
    outbox.publish(path, sealing_keys=KEYS)
    key, sheet = outbox.records
    assert "Nguyễn".encode() not in sheet["contact"]
    own = open_key(ContactKey.from_avro(key), KEYS)
    assert unseal(sheet["contact"], "s1", own) == Contact("Nguyễn Văn A", "0912 345 678")


def test_an_id_that_nothing_can_be_sealed_for_costs_its_line_alone(outbox: Any) -> None:
    """Half a surrogate pair, which JSON can write, is refused by the rules; the lines after it are sent."""
    bad = {**RATING, "sheet_id": "\ud800", "contact_name": "A"}
    outbox.publish(outbox.file("a.jsonl", lines(bad, RATING)), sealing_keys=KEYS)
    assert outbox.faults == [(1, "sheet_id")]
    assert len(outbox.sent) == 1


def test_a_sealed_contact_passes_through(outbox: Any) -> None:
    """A contact that was sealed elsewhere is accepted as base64, without any key."""
    sealed = seal(Contact("A", None), "s1", KEYS)
    outbox.publish(outbox.file("a.jsonl", lines({**RATING, "contact": base64.b64encode(sealed).decode()})))
    assert outbox.records[0]["contact"] == sealed


def test_the_reject_file_says_what_to_mend(outbox: Any) -> None:
    """The file has one row per fault, without personal data; without faults there is no file."""
    target = outbox.directory / "rejects.csv"
    with RejectWriter(target) as writer:
        outbox.publish(outbox.file("a.jsonl", lines(STATUS)))
    assert not target.exists()
    with RejectWriter(target) as writer:
        outbox.publish(outbox.file("a.jsonl", lines({**STATUS, "office": "Nguyen"})))
        for rejection in outbox.rejections:
            writer(rejection)
    assert writer.written == 1
    text = target.read_text()
    assert text.splitlines()[0] == "file,line,field,reason,rule"
    assert ",1,office,BAD_FIELD,must be 4 to 6 digits or capital letters" in text
    assert "Nguyen" not in text


def test_missing_files_are_named_before_anything_is_sent(outbox: Any) -> None:
    """Missing files are reported together."""
    good = outbox.file("a.jsonl", lines(STATUS))
    with pytest.raises(ConfigurationError) as error:
        outbox.publish(good, Path("/nowhere/b"), Path("/nowhere/c"))
    assert len(error.value.problems) == 2
    assert not outbox.sent


def test_the_kind_can_be_named(outbox: Any) -> None:
    """A rating in a file of statuses is rejected when the kind says so."""
    outbox.publish(outbox.file("a.jsonl", lines(STATUS, RATING)), kind=FileKind.STATUS)
    assert len(outbox.sent) == 1
    assert {line for line, _field in outbox.faults} == {2}


def test_progress_reaches_the_size_of_all_files(outbox: Any) -> None:
    """The last progress report says that all bytes were read."""
    seen: list[Any] = []
    paths = [outbox.file(f"{n}.jsonl", lines(*[STATUS] * 1200)) for n in range(2)]
    outbox.publish(*paths, progress=seen.append)
    assert [p.bytes_read for p in seen] == sorted(p.bytes_read for p in seen)
    assert (seen[-1].bytes_read, seen[-1].events) == (seen[-1].bytes_total, 2400)
    assert len(seen) >= 4


def test_a_wrong_check_digit_is_counted_and_kept(outbox: Any) -> None:
    """An event with a doubtful tax code is sent and counted."""
    report = outbox.publish(outbox.file("a.jsonl", lines({**STATUS, "tax_code": "0200100101"})))
    assert (report.sent, report.doubtful_tax_codes) == (1, 1)


def test_a_stop_ends_between_events_and_keeps_what_was_sent(outbox: Any) -> None:
    """After a stop no further event and no further file is read; what was sent is flushed and counted."""
    stop = Event()
    paths = [outbox.file(f"{n}.jsonl", lines(*[STATUS] * 2000)) for n in range(2)]
    report = outbox.publish(*paths, stop=stop, progress=lambda _progress: stop.set())
    assert report.stopped
    assert not report.clean
    assert 0 < report.sent == len(outbox.sent) < 2000
    assert len(report.files) == 1
    assert outbox.flushed


ACTION: dict[str, Any] = {
    "action_id": "a-1",
    "complaint_id": "7b1c0000-0000-5000-8000-000000000000",
    "action": "RATE_HANDLING",
    "acted_at": "2020-05-04T15:00:00+07:00",
    "actor_role": "ENTERPRISE",
    "actor": "0200100100",
    "score": 4,
}


def test_actions_on_complaints_come_from_json_and_csv(outbox: Any) -> None:
    """Both forms give the same event; a wrong one is rejected with its field, and the kinds may be mixed in a file."""
    heading, row = ",".join(ACTION), ",".join(str(value) for value in ACTION.values())
    wrong = {**ACTION, "complaint_id": "7B1C", "score": 9}
    outbox.publish(outbox.file("a.jsonl", lines(ACTION, RATING, wrong)), outbox.file("b.csv", f"{heading}\n{row}\n"))
    assert [topic for topic, _key, _record in outbox.sent] == [
        Topic.COMPLAINT_ACTION,
        Topic.RATING,
        Topic.COMPLAINT_ACTION,
    ]
    first, _rating, second = outbox.records
    assert first == second
    assert (first["score"], first["unit"], outbox.sent[0][1]) == (4, None, ACTION["complaint_id"].encode())
    assert outbox.faults == [(3, "complaint_id"), (3, "score")]
