"""A sheet as its handler sees it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from rich.console import Console
from support.cases import OPENED, case_context, complaint
from support.events import at, item, rating

from deploy.admin.complaints.sheet_tables import PROTECTED, NoSheet, SheetPage
from deploy.admin.complaints.sheets import CaseSheet
from deploy.admin.complaints.tables import sheet, sheet_as_json
from processors.domain.cases.replay import replay_case
from schemas.records.cases import ComplaintCase
from schemas.records.complaints import LowItem
from schemas.reference.offices import load_offices

SENT = at(OPENED)
HOSTILE = "chờ [bold]lâu\x1b[2J\r\n\nTime limits\u202e"


def case() -> ComplaintCase:
    """The case."""
    found = replay_case(complaint(SENT), (), case_context(), SENT).case
    assert found is not None
    return found


def page(**fields: Any) -> SheetPage:
    """A sheet about two offices, with an earlier revision."""
    items = (
        item("OFFICIAL", "[/x]", 1, reason="LATE_DECISION"),
        item("STEP", "CLEARANCE", 2, reason="NEWER_THAN_US"),
        item(score=4),
        item("OFFICE", "03EE", 5, office="03EE"),
    )
    earlier = rating("s-1", 1, SENT - 60_000, item(score=1), item("TEAM", "01", 3))
    found = CaseSheet(rating("s-1", 2, SENT, *items), HOSTILE, True, (earlier,), 1)
    return SheetPage(case(), found, load_offices(), **{"protected": False, **fields})


def printed(shown: SheetPage | NoSheet, width: int = 100) -> str:
    """What a terminal shows."""
    console = Console(width=width, record=True)
    console.print(sheet(case(), (), SENT, shown.lines()))
    return console.export_text()


def test_targets_scores_and_reasons_have_their_names() -> None:
    """In Vietnamese where the reference data knows them, else by their codes."""
    shown = printed(page(), 160)
    assert "1 Rất không hài lòng" in shown
    assert "official [/x] at 03CC" in shown
    assert "Quyết định thông quan chậm" in shown
    assert "NEWER_THAN_US" in shown
    assert f"office 03CC: {load_offices().name('03CC', SENT)}" in shown
    assert "office 03EE: " in shown
    assert "2026-09-07 09:00, after clearance, revision 2" in shown
    assert "revision 1 of 2026-09-07 08:59: scores 1, 3" in shown
    assert "1 more, not read" in shown
    assert "yes, sealed: hailong complaint reveal" in shown


def test_the_comment_is_shown_only_when_its_reader_is_recorded() -> None:
    """Neither as text nor as JSON; it is only said that there is one, and how to read it."""
    for shown in (printed(page()), sheet_as_json(case(), (), page().fields())):
        assert "chờ" not in shown
    assert "comment  yes: shown with --comment" in printed(page())
    assert json.loads(sheet_as_json(case(), (), page().fields()))["sheet"]["has_comment"] is True
    assert "comment" not in page().fields()["sheet"]


def test_a_hostile_comment_is_harmless() -> None:
    """It moves no cursor, is no markup, and none of its lines passes for one of ours; JSON has it to the letter."""
    console = Console(width=40, force_terminal=True, color_system=None, record=True)
    with console.capture() as captured:
        console.print(sheet(case(), (), SENT, page(recorded=True).lines()))
    assert "\x1b" not in captured.get()
    assert "\u202e" not in captured.get()
    quoted = [line for line in captured.get().splitlines() if line.startswith("│")]
    assert quoted == [r"│ chờ [bold]lâu\x1b[2J", "│ ", r"│ Time limits\u202e"]
    written = sheet_as_json(case(), (), page(recorded=True).fields())
    assert written.isprintable()
    assert json.loads(written)["sheet"]["comment"] == HOSTILE


def test_long_lines_of_a_comment_are_folded_behind_the_mark() -> None:
    """So no part of it stands at the beginning of a line."""
    words = page(recorded=True)
    long = replace(words, sheet=replace(words.sheet, comment="x" * 100))
    folded = [line for line in printed(long, 40).splitlines() if "xx" in line]
    assert [line[:2] for line in folded] == ["│ "] * 3
    assert sum(line.count("x") for line in folded) == 100


def test_of_a_protected_sheet_only_the_day_and_the_own_office_are_shown() -> None:
    """Another office, the minute and earlier revisions would say more about who sent it than the handling needs."""
    shown = page(protected=True, recorded=True)
    text = printed(shown)
    assert "2026-09-07, after clearance, revision 2" in text
    assert "it may tell who the protected sender is" in text
    assert not any(hidden in text for hidden in ("03EE", "09:00, after", "08:59", "scores 1, 3"))
    fields = shown.fields()["sheet"]
    assert fields["submitted_at"] == at("2026-09-07 00:00")
    assert {one["office"] for one in fields["items"]} == {"03CC"}
    assert (fields["earlier_revisions"], "earlier" in fields) == (2, False)


def test_without_a_record_a_protected_sheet_is_not_shown() -> None:
    """It is said how to see it."""
    assert "denunciation" in printed(PROTECTED)
    assert PROTECTED.fields() == {"sheet": None, "sheet_problem": PROTECTED.problem, "low_items": []}


def test_a_sheet_that_cannot_be_read_leaves_the_low_scores() -> None:
    """They are in the case's own complaint; the reason is said on one line."""
    low = (LowItem("OFFICIAL", "o-rated", 1, "LATE_DECISION"),)
    shown = NoSheet.unread(complaint(SENT, low_items=low), load_offices(), "no\nserver\x1b")
    text = printed(shown, 120)
    assert r"The sheet cannot be shown: no server\x1b" in text
    assert "official o-rated at 03CC" in text
    assert "Quyết định thông quan chậm" in text
    (one,) = shown.fields()["low_items"]
    assert (one["target_id"], one["score"]) == ("o-rated", 1)


def test_an_erased_contact_is_not_called_sealed() -> None:
    """Its key is gone, although the sheet still has the envelope."""
    erased = page()
    erased = replace(erased, case=replace(erased.case, erased_at=SENT))
    assert "contact  erased 2026-09-07" in printed(erased)
    assert erased.fields()["sheet"]["has_contact"] is False
