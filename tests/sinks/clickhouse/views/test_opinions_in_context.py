"""What views add to opinions: their context, and how a month differs from the one before."""

from __future__ import annotations

import pytest
from clickhouse_driver import Client
from support.stored_rows import fact, store, store_facts, utc

pytestmark = pytest.mark.servers

SUNDAY = utc("2024-10-13 18:30")
"""Half past one on Monday morning in Viet Nam."""

NUMBERS = {"s1": "103000000010", "s2": "103000000020", "s3": "103000000030"}
"""A declaration of its own for each sheet."""


def test_an_opinion_has_the_enterprise_and_the_local_days_of_its_declaration(database: Client) -> None:
    """Whose sheet it is, how large that enterprise is, import or export, days and weekdays of Viet Nam."""
    own, other = "0200100107", "0200100108"
    declared = [(f"{own}-{n}", f"1030000{n:04d}0", "REGISTERED", SUNDAY, "03CC", own) for n in range(12)]
    declared.append((f"{other}-1", "303000000010", "REGISTERED", SUNDAY, "03CC", other))
    store(database, "declaration_status", "event_id, declaration_no, status, occurred_at, office, tax_code", declared)
    sheets = [("s1", "103000000010", own), ("s2", "103000000020", ""), ("s3", "303000000010", other)]
    store_facts(
        database,
        [
            fact(
                "03CC", number, sheet, SUNDAY, 4, tax_code=named or own, registered_at=SUNDAY, channel="RED",
                kind="A11", standing="VERIFIED" if named else "UNSTATED",
            )
            for sheet, number, named in sheets
        ],
    )  # fmt: skip
    found = database.execute(
        "SELECT sheet_ids[1], standing, enterprise_declarations, enterprise_size, direction,"
        " toString(submitted_day), submitted_weekday, toString(registered_day), registered_weekday,"
        " level_name, channel_name FROM v_opinion_context ORDER BY sheet_ids"
    )
    monday = ("2024-10-14", 1, "2024-10-14", 1, "Hài lòng", "Luồng đỏ")
    assert found == [
        ("s1", "VERIFIED", 12, "10-99", "IMPORT", *monday),
        ("s2", "UNSTATED", 12, "10-99", "IMPORT", *monday),
        ("s3", "VERIFIED", 1, "1-9", "EXPORT", *monday),
    ]


def test_what_does_not_count_is_listed_apart_until_it_does(database: Client) -> None:
    """A sheet without standing is in no view of opinions, only in its own list; a newer fact that counts moves it."""
    store(
        database,
        "rating",
        "sheet_id, revision, declaration_no, submitted_at, item_count, lowest_score",
        [(sheet, revision, number, SUNDAY, 1, 4) for sheet, number in NUMBERS.items() for revision in (1, 2)],
    )
    own, foreign, unknown = (
        fact("03CC", NUMBERS[sheet], sheet, SUNDAY, 4, standing=standing, counts=counts, tax_code="t")
        for sheet, standing, counts in (("s1", "VERIFIED", True), ("s2", "FOREIGN", False), ("s3", "UNVERIFIED", False))
    )
    store_facts(database, [own, foreign, unknown])
    assert _counted_and_listed(database) == (["s1"], [("s2", "FOREIGN", 4), ("s3", "UNVERIFIED", 4)])

    store_facts(database, [{**unknown, "standing": "VERIFIED", "counts": True}], version=2)
    store_facts(database, [unknown])  # comes again
    assert _counted_and_listed(database) == (["s1", "s3"], [("s2", "FOREIGN", 4)])


def _counted_and_listed(database: Client) -> tuple[list[str], list[tuple[str, str, int]]]:
    """The sheets that count, which all views of opinions agree about, and the others with standing and level."""
    opinions = ("v_opinions", "v_opinions_by_office", "v_opinion_context", "v_revised_opinions")
    sheets = dict.fromkeys(("v_sheets", "v_scores"), "sheet_id") | dict.fromkeys(opinions, "arrayJoin(sheet_ids)")
    views = tuple(sheets)
    found = [database.execute(f"SELECT {one} AS sheet FROM {view} ORDER BY sheet") for view, one in sheets.items()]
    assert all(one == found[0] for one in found), dict(zip(views, found, strict=True))
    listed = database.execute("SELECT sheet_id, standing, level FROM v_uncounted_opinions ORDER BY sheet_id")
    return [sheet for (sheet,) in found[0]], listed


def test_scores_of_officials_are_not_in_the_list_of_scores(database: Client) -> None:
    """One score of one official cannot be read: `v_scores` has offices, teams and steps, with the names of reasons."""
    targets = {"OFFICE": "03CC", "TEAM": "01", "STEP": "DOCUMENT_CHECK", "OFFICIAL": "o-2210"}
    store_facts(
        database,
        [
            fact("03CC", "103000000010", "s1", SUNDAY, 1, target=target, target_id=one, reason="ATTITUDE_RUDE")
            for target, one in targets.items()
        ],
    )
    found = database.execute("SELECT target, target_id, reason_name, target_name != '' FROM v_scores ORDER BY target")
    reason = "Thái độ thiếu lịch sự"
    assert found == [(target, targets[target], reason, 1) for target in ("OFFICE", "STEP", "TEAM")]


def test_a_change_has_the_interval_that_its_author_printed(database: Client) -> None:
    """56 of 70 after 48 of 80: Newcombe's method 10 gives 0.0524 to 0.3339 (1998, Table II); after a gap, nothing."""
    months = (("2024-08-10 03:00", 80, 48), ("2024-09-10 03:00", 70, 56), ("2024-11-10 03:00", 40, 40))
    facts = [
        fact("03CC", f"10{month:02d}{n:07d}0", f"s{month}-{n}", utc(at), 1 if n < low else 5)
        for month, (at, opinions, low) in enumerate(months)
        for n in range(opinions)
    ]
    store_facts(database, facts)
    found = database.execute(
        "SELECT opinions, round(dissatisfied_share, 4), round(dissatisfied_change, 4),"
        " round(dissatisfied_change_low, 4), round(dissatisfied_change_high, 4), round(satisfied_change_low, 4),"
        " more_than_chance FROM v_office_month ORDER BY month"
    )
    assert found == [
        (80, 0.6, None, None, None, None, None),
        (70, 0.8, 0.2, 0.0524, 0.3339, -0.3339, 1),
        (40, 1.0, None, None, None, None, None),
    ]


def test_freshness_counts_what_waits_what_was_not_found_and_what_was_refused(database: Client) -> None:
    """Sheets without a fact wait, unmatched ones are counted by reason, dead letters with and without a decision."""
    numbers = [f"1030000000{n}0" for n in range(4)]
    store(
        database,
        "rating",
        "sheet_id, revision, declaration_no, submitted_at, written_at, item_count, lowest_score",
        [(f"s{n}", 1, number, SUNDAY, SUNDAY, 1, 4) for n, number in enumerate(numbers)],
    )
    lost = [("NOT_KNOWN", 1), ("NOT_KNOWN", 2), ("GONE", 3)]
    store_facts(
        database,
        [fact("03CC", numbers[n], f"s{n}", SUNDAY, 4, state="UNMATCHED", unmatched_reason=why) for why, n in lost],
    )
    database.execute(
        "INSERT INTO log_epoch (topic, topic_identity, epoch, topic_name) VALUES ('rating', 'x', 1, 'my.rating.v1')"
    )
    letters = [(f"00000000-0000-0000-0000-00000000000{n}", "my.rating.v1", "CORRUPT", SUNDAY) for n in range(3)]
    store(database, "dead_letter", "dead_letter_id, source_topic, reason, recorded_at", letters)
    store(
        database,
        "dead_letter_action",
        "action_id, dead_letter_id, action",
        [(letters[0][0], letters[0][0], "DISCARDED")],
    )
    found = database.execute(
        "SELECT newest_event_at, newest_kafka_at, event_lag_seconds > 0, stored_lag_seconds < 86400, waiting_sheets,"
        " unmatched_sheets, unmatched_reasons, refused_records, undecided_records"
        " FROM v_freshness WHERE topic = 'rating'"
    )
    assert found == [(SUNDAY, SUNDAY, 1, 1, 1, 3, {"NOT_KNOWN": 2, "GONE": 1}, 3, 2)]
    empty = "SELECT newest_event_at, waiting_sheets FROM v_freshness WHERE topic = 'alert'"
    assert database.execute(empty) == [(None, None)]
