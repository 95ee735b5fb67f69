"""Two offices over a month, in which one sheet ends as a denunciation; which sheet that is, is the secret of the world.

Everything else is the same in every world: the declarations, the other sheets and cases, and what handlers do about the
denunciation. The office, the day on which it was opened and its handling are no secret. So the anonymity set is every
declaration of the office that could be rated then, and what a reader sees must be the same for all of them.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from processors.stages.stage import Output
from schemas.ids import complaint_id
from schemas.records.cases import ComplaintAction
from schemas.records.events import DeclarationStatus, Rating, RatingItem
from schemas.topics import Topic
from sinks.clickhouse.mapping.topic_readers import readers
from sinks.clickhouse.native.column_client import ColumnClient
from support.events import at, batch, item, rating, status
from support.in_memory import InMemoryPipeline
from support.sink_bench import sealed

OFFICE, OTHER_OFFICE = "03CC", "03EE"
DAY = "2026-04-15"
"""A Wednesday: the day on which the secret sheet is sent."""

_WRITTEN_AT = at("2026-05-07 00:00")
_DECLARATIONS = 36
_LIFE = ("REGISTERED", "CHANNEL_ASSIGNED", "DOCUMENTS_CHECKED", "INSPECTION_REQUIRED", "GOODS_INSPECTED", "CLEARED")
_READERS = readers()


def number(k: int) -> str:
    """Number of a declaration."""
    return f"1030000{k:04d}0"


def enterprise(k: int) -> str:
    """Enterprise of a declaration; each has three."""
    return f"02001{k % (_DECLARATIONS // 3):05d}"


@dataclass(frozen=True)
class Secret:
    """The sheet of the denunciation.

    Attributes:
        declaration: Which declaration it is about.
        sheet_id: Its id.
        time: Time of day.
        items: Its scores; one at OFFICE is low.
        revised: Times of day of further revisions with the same scores.
        partner: A declaration about which the same enterprise sent another sheet, whose case was merged with this one.
        more: Other fields of the sheet.
    """

    declaration: int
    sheet_id: str
    time: str
    items: Sequence[RatingItem]
    revised: Sequence[str] = ()
    partner: int | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def case(self) -> str:
        """The case that becomes a denunciation."""
        return complaint_id(number(self.declaration)[:11], self.sheet_id, OFFICE)

    @property
    def partner_sheet(self) -> str:
        """Id of the sheet whose case was merged."""
        return f"{self.sheet_id}-too"

    def sheets(self) -> Iterable[Rating]:
        """What the denouncer sends."""
        for revision, time in enumerate((self.time, *self.revised), 1):
            yield self._sheet(self.declaration, self.sheet_id, revision, time)
        if self.partner is not None:
            yield self._sheet(self.partner, self.partner_sheet, 1, "16:20")

    def _sheet(self, declaration: int, sheet_id: str, revision: int, time: str) -> Rating:
        return rating(
            sheet_id, revision, at(f"{DAY} {time}"), *self.items, declaration_no=number(declaration),
            tax_code=enterprise(declaration), **self.more,
        )  # fmt: skip

    def actions(self, track: str) -> Iterable[ComplaintAction]:
        """What is done about it. Each world has the same actions at the same times.

        Args:
            track: The track that it is put on after 24 April; DENUNCIATION is the one that protects.
        """
        other = complaint_id("10300099999", "none", OFFICE)
        if self.partner is not None:
            other = complaint_id(number(self.partner)[:11], self.partner_sheet, OFFICE)
            yield _act(other, "MERGE", f"{DAY} 17:30", other_complaint=self.case)
        yield _act(self.case, "ABSORB", f"{DAY} 17:40", other_complaint=other)
        yield _act(self.case, "CHANGE_TRACK", "2026-04-24 09:12", track=track)
        yield _act(self.case, "ACKNOWLEDGE", "2026-04-27 10:01")
        yield _act(self.case, "REVEAL", "2026-04-27 10:30", text="call back")
        yield _act(self.case, "CHANGE_TRACK", "2026-04-28 11:00", track="FEEDBACK")
        yield _act(self.case, "RESOLVE", "2026-05-04 09:00", finding="UPHELD", text="found", measures="done")
        yield _act(self.case, "ANSWER", "2026-05-05 09:00", text="answer")


SECRETS: Mapping[str, Secret] = {
    "plain": Secret(3, "x3", "10:03", [item(score=1)]),
    "other targets": Secret(
        7,
        "x7",
        "15:47",
        [item(score=3), item("TEAM", "01", 2), item("STEP", "GOODS_INSPECTION", 1), item("OFFICIAL", "o-7", 1)],
        more={"comment": "xin tiền", "contact": sealed("x7")},
    ),
    "two offices": Secret(10, "x10", "08:30", [item(score=1), item("OFFICE", OTHER_OFFICE, 1, office=OTHER_OFFICE)]),
    "rated before": Secret(12, "x12", "13:20", [item(score=2, reason="ATTITUDE")]),
    "rated again": Secret(16, "x16", "09:10", [item(score=1), item("TEAM", "01", 5), item("STEP", "TAX_PAYMENT", 2)]),
    "revised": Secret(15, "x15", "07:59", [item(score=2)], revised=("09:30", "16:59")),
    "merged": Secret(18, "x18", "11:11", [item(score=1)], partner=21),
    "alone at night": Secret(22, "x22", "22:40", [item(score=1), item("TEAM", "02", 1)]),
}
"""Eight worlds, each a way in which a denunciation might be found."""


def _act(case: str, name: str, when: str, **fields: Any) -> ComplaintAction:
    given = {"actor": "o-head", "unit": OFFICE, **fields}
    return ComplaintAction(f"{name}-{at(when)}", case, name, at(when), "HANDLER", **given)


def statuses() -> Iterable[DeclarationStatus]:
    """Thirty-six declarations, most of them at one office, cleared before the day of the secret sheet."""
    chance = random.Random(20)
    for k in range(_DECLARATIONS):
        begun = at(f"2026-04-{1 + k % 12:02d} 08:{k:02d}")
        channel = ("GREEN", "YELLOW", "RED")[k % 3]
        given: dict[str, Any] = {
            "declaration_no": number(k), "tax_code": enterprise(k), "office": OTHER_OFFICE if k % 9 == 8 else OFFICE,
            "kind": ("A11", "B11")[k % 2], "team": f"0{1 + k % 2}", "official": f"o-{k % 4}",
        }  # fmt: skip
        steps = [
            "REGISTERED",
            "CHANNEL_ASSIGNED",
            "DOCUMENTS_CHECKED",
            "INSPECTION_REQUIRED",
            "GOODS_INSPECTED",
            "CLEARED",
        ]
        for place, name in enumerate(steps):
            later = begun + place * 3_600_000 + chance.randrange(1_000_000)
            yield status(f"{k}-{name}", name, later, channel=channel if place else None, **given)


def other_sheets() -> Iterable[Rating]:
    """Sheets of others: before, on and after the day, praise and complaints, two about declarations of secrets."""
    for place, k in enumerate((0, 1, 2, 4, 5, 8, 9, 12, 13, 16, 17, 24, 25, 26, 30)):
        office = OTHER_OFFICE if k % 9 == 8 else OFFICE
        score = (5, 4, 1, 5, 3, 2, 5, 4)[place % 8]
        items = [item("OFFICE", office, score, office=office), item("TEAM", "01", min(5, score + 1), office=office)]
        if place % 3 == 0 or k == 8:
            items.append(item("OFFICIAL", f"o-{k % 4}", score, office=office))
        sent = at(f"2026-04-{13 + place % 6:02d} {8 + place % 9:02d}:1{place % 6}")
        yield rating(f"s{k}", 1, sent, *items, declaration_no=number(k), tax_code=enterprise(k))
    yield rating("s2", 2, at("2026-04-21 10:00"), item(score=2), declaration_no=number(2), tax_code=enterprise(2))


def other_actions() -> Iterable[ComplaintAction]:
    """What is done about the complaints of others: one answered, two merged, one touched by whom it is about."""
    first, second = (complaint_id(number(k)[:11], f"s{k}", OFFICE) for k in (2, 26))
    yield _act(first, "ACKNOWLEDGE", "2026-04-22 08:20")
    yield _act(second, "MERGE", "2026-04-22 09:00", other_complaint=first)
    yield _act(first, "ABSORB", "2026-04-22 09:01", other_complaint=second)
    yield _act(first, "RESOLVE", "2026-04-23 09:00", finding="UPHELD", text="found", measures="done")
    yield _act(first, "ANSWER", "2026-04-23 15:00", text="answer")
    about_official = complaint_id(number(8)[:11], "s8", OTHER_OFFICE)
    yield _act(about_official, "ACKNOWLEDGE", "2026-04-22 10:00", actor="o-0", unit=OTHER_OFFICE)


class _Recorder(InMemoryPipeline):
    """A pipeline that keeps every version of every output, in the order in which they were written."""

    def __init__(self, directory: Path) -> None:
        self.written: dict[Topic, list[Any]] = {}
        super().__init__(directory, _WRITTEN_AT)

    def write(self, topic: Topic, records: Sequence[Any]) -> None:
        """Take input records, which come before what the stages make of them."""
        self.written.setdefault(topic, []).extend(records)
        self.take(topic, records)

    def spread(self, outputs: Sequence[Output]) -> None:
        """As `InMemoryPipeline.spread`."""
        for output in outputs:
            self.written.setdefault(output.topic, []).append(output.record)
        super().spread(outputs)


@cache
def records_of(name: str, track: str = "DENUNCIATION") -> Mapping[Topic, Sequence[Any]]:
    """All records of a world by topic, earlier versions included, in the order in which they were written.

    Args:
        name: Which of the secrets the denunciation is.
        track: The track that its case is put on.
    """
    secret = SECRETS[name]
    sheets = sorted([*other_sheets(), *secret.sheets()], key=lambda one: one.submitted_at)
    actions = sorted([*other_actions(), *secret.actions(track)], key=lambda one: one.acted_at)
    with TemporaryDirectory() as directory:
        pipeline = _Recorder(Path(directory))
        pipeline.write(Topic.DECLARATION_STATUS, list(statuses()))
        for sheet in sheets:
            pipeline.write(Topic.RATING, [sheet])
        pipeline.advance(at("2026-04-24 09:00"))
        for one in actions:
            pipeline.write(Topic.COMPLAINT_ACTION, [one])
        pipeline.advance(at("2026-05-06 00:00"))
    return pipeline.written


def store(client: ColumnClient, records: Mapping[Topic, Sequence[Any]], order: Sequence[Topic] = ()) -> None:
    """Insert records as the sink does.

    Args:
        client: Connected to a migrated database.
        records: By topic.
        order: Topics that come first; the others follow.
    """
    for topic in (*order, *(one for one in records if one not in order)):
        if topic in records:
            for block in _READERS[topic].read(batch(topic, records[topic], written_at=_WRITTEN_AT), 1).blocks:
                block.insert(client, {})


def empty(client: ColumnClient) -> None:
    """Remove all rows, but those of the reference data and of the migrations."""
    tables = (
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
        " AND NOT startsWith(name, 'reference_') AND name NOT IN ('schema_migration', 'score_setting')"
    )
    for (table,) in client.execute(tables):
        client.execute(f"TRUNCATE TABLE {table}")
