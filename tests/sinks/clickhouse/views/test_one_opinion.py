"""All views share one definition: what one enterprise says by one declaration about a unit, in all its sheets."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any

import pytest
from clickhouse_driver import Client
from support.stored_rows import fact, store, store_facts, utc

pytestmark = pytest.mark.servers

MORNING = utc("2024-10-15 02:00")
EVENING = MORNING + timedelta(hours=9)
A, B = "103000000010", "303000000020"
FIRM, OTHER = "0200100107", "0200100108"


def sheet(client: Client, name: str, number: str, at: datetime, *scores: tuple[str, int], **more: Any) -> None:
    """Store a sheet of one revision with a fact for each office and score."""
    lowest = min(score for _office, score in scores)
    phase = more.pop("phase", "AFTER_CLEARANCE")
    columns = "sheet_id, revision, declaration_no, submitted_at, item_count, lowest_score, phase, tax_code"
    row = (name, 1, number, at, len(scores), lowest, phase, more.get("tax_code", FIRM))
    store(client, "rating", columns, [row])
    facts = [
        fact(office, number, name, at, score, **({"phase": phase, "tax_code": FIRM, "standing": "VERIFIED"} | more))
        for office, score in scores
    ]
    store_facts(client, facts)


@pytest.fixture
def two_sheets(database: Client) -> Client:
    """One declaration, registered once, rated during clearance (1 at 03CC, 5 at 03EE) and afterwards (5 at 03CC)."""
    registered = [("r", A, "REGISTERED", MORNING, "03CC", FIRM)]
    store(database, "declaration_status", "event_id, declaration_no, status, occurred_at, office, tax_code", registered)
    during = {"phase": "DURING_CLEARANCE", "channel": "YELLOW", "on_time": None, "document_minutes": None}
    after = {"channel": "RED", "on_time": True, "document_minutes": 20}
    sheet(database, "s1", A, MORNING, ("03CC", 1), ("03EE", 5), **during)
    sheet(database, "s2", A, EVENING, ("03CC", 5), **after)
    return database


def test_two_sheets_of_one_declaration_are_one_opinion_in_every_view(two_sheets: Client) -> None:
    """During and after clearance together: the lower level, at the time of the later sheet; each sheet stays listed."""
    ask = two_sheets.execute
    both = ["s1", "s2"]
    assert ask("SELECT sheet_id, level FROM v_sheets ORDER BY sheet_id") == [("s1", 1), ("s2", 5)]
    assert ask("SELECT sheet_ids, level, submitted_at, dissatisfied, phases, item_count FROM v_opinions") == [
        (both, 1, EVENING, 1, ["AFTER_CLEARANCE", "DURING_CLEARANCE"], 3)
    ]
    assert ask(
        "SELECT office, sheet_ids, level, submitted_at, item_count FROM v_opinions_by_office ORDER BY office"
    ) == [("03CC", both, 1, EVENING, 2), ("03EE", ["s1"], 5, MORNING, 1)]
    assert ask("SELECT offices, level, submitted_at, item_count FROM v_opinions_by_department") == [
        (["03CC", "03EE"], 1, EVENING, 3)
    ]
    assert ask("SELECT sheet_ids, revisions, first_level, last_level FROM v_revised_opinions") == [(both, 2, 1, 1)]


def test_the_context_of_an_opinion_is_that_of_its_last_sheet(two_sheets: Client) -> None:
    """Channel and minutes as the declaration stood then, also where the earlier sheet knew none."""
    assert two_sheets.execute(
        "SELECT office, level, channel, phase, on_time, document_minutes FROM v_opinion_context ORDER BY office"
    ) == [
        ("03CC", 1, "RED", "AFTER_CLEARANCE", 1, 20),
        ("03EE", 5, "YELLOW", "DURING_CLEARANCE", None, None),
    ]


def test_figures_of_a_month_count_it_once(two_sheets: Client) -> None:
    """One opinion, dissatisfied; one of one declaration rated; the dossier of Decision 766 is dissatisfied."""
    ask = two_sheets.execute
    month = "SELECT opinions, dissatisfied_share, declarations, rated_declarations FROM v_office_month"
    assert ask(f"{month} WHERE office = '03CC'") == [(1, 1.0, 1, 1)]
    period = "first = '2024-10-01', last = '2024-11-01', as_of = '2024-12-01 00:00:00'"
    assert ask(f"SELECT rated, dissatisfied FROM v_dossiers({period})") == [(1, 1)]


def test_a_month_tells_how_many_enterprises_spoke_and_how_much_one_did(database: Client) -> None:
    """Of four opinions three are from one enterprise, one of them of a dependent unit; a hundred sheets add nothing."""
    for number, tax_code in enumerate((FIRM, FIRM, f"{FIRM}-001", OTHER)):
        sheet(database, f"s{number}", f"10300000{number:03d}0", MORNING, ("03CC", 5), tax_code=tax_code)
    for number in range(100):
        sheet(database, f"more{number}", "103000000030", MORNING, ("03CC", 5), tax_code=OTHER)
    month = "SELECT opinions, enterprises, largest_share FROM v_office_month"
    assert database.execute(month) == [(4, 2, 0.75)]


def test_opinions_of_no_known_enterprise_have_no_largest(database: Client) -> None:
    """Sheets that name none, on a declaration that names none, are opinions of nobody known."""
    sheet(database, "s", A, MORNING, ("03CC", 5), tax_code="", standing="UNSTATED")
    month = "SELECT opinions, enterprises, largest_share FROM v_office_month"
    assert database.execute(month) == [(1, 0, None)]


def test_views_agree_with_a_count_of_the_sheets(database: Client) -> None:
    """Two hundred sheets on forty declarations at three offices, counted one by one from what was stored."""
    chance = random.Random(5)
    stored: list[tuple[str, datetime, list[tuple[str, int]]]] = []
    for name in range(200):
        number, at = f"1030000{chance.randrange(40):04d}0", MORNING + timedelta(minutes=chance.randrange(60_000))
        scores = [(office, chance.randint(1, 5)) for office in chance.sample(("03CC", "03EE", "02CI"), 2)]
        sheet(database, f"s{name}", number, at, *scores)
        stored.append((number, at, scores))
    for view, keys, unit in (
        ("v_opinions", "''", lambda _office: ""),
        ("v_opinions_by_department", "unit", lambda office: office[:2] + "ZZ"),
        ("v_opinions_by_office", "office", str),
        ("v_opinion_context", "office", str),
    ):
        levels: dict[tuple[str, str], int] = {}
        sent: dict[tuple[str, str], datetime] = defaultdict(lambda: MORNING)
        for number, at, scores in stored:
            for office, score in scores:
                key = (unit(office), number)
                levels[key] = min(score, levels.get(key, 5))
                sent[key] = max(at, sent[key])
        wanted = Counter((key[0], int(key[1][:11]), level, sent[key]) for key, level in levels.items())
        found = Counter(database.execute(f"SELECT {keys}, declaration, level, submitted_at FROM {view}"))
        assert found == wanted, view
