"""Cases as tables."""

from __future__ import annotations

from rich.console import Console
from support.cases import OPENED, action, case_context, complaint
from support.events import at

from deploy.admin.complaints.tables import listing, local_end, sheet
from processors.domain.cases.replay import replay_case


def test_a_limit_in_days_ends_at_24_00() -> None:
    """The end of a day is shown with that day, not as midnight of the next one; other ends are shown as they are."""
    ends = (at("2026-03-01 00:00"), at("2026-03-01 10:30"), None)
    assert [local_end(end) for end in ends] == ["2026-02-28 24:00", "2026-03-01 10:30", ""]


def test_brackets_in_ids_are_shown_as_they_are() -> None:
    """Ids come from outside: brackets in them are printed, not interpreted as markup of the table."""
    opened = complaint(at(OPENED), sheet_id="[/x]", excluded_officials=("[link=a]o",))
    folded = replay_case(
        opened, (action("VERIFY", at("2026-09-07 10:00"), actor="[/y]"),), case_context(), at("2026-09-07 11:00")
    )
    assert folded.case is not None
    console = Console(width=120, record=True)
    console.print(listing([folded.case], at("2026-09-07 11:00")))
    console.print(sheet(folded.case, folded.events, at("2026-09-07 11:00")))
    shown = console.export_text()
    assert "[/x] on declaration" in shown
    assert "[link=a]o" in shown
    assert "[/y]" in shown
