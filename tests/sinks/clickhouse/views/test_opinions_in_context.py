"""What views add to opinions: their context, and how a month differs from the one before."""

from __future__ import annotations

import pytest
from clickhouse_driver import Client
from support.stored_rows import fact, store, store_facts, utc

pytestmark = pytest.mark.servers

SUNDAY = utc("2024-10-13 18:30")
"""Half past one on Monday morning in Viet Nam."""


def test_an_opinion_has_the_enterprise_and_the_local_days_of_its_declaration(database: Client) -> None:
    """Whose sheet it is, how large that enterprise is, import or export, days and weekdays of Viet Nam."""
    own, other = "0200100107", "0200100108"
    declared = [(f"{own}-{n}", f"1030000{n:04d}0", "REGISTERED", SUNDAY, "03CC", own) for n in range(12)]
    declared.append((f"{other}-1", "303000000010", "REGISTERED", SUNDAY, "03CC", other))
    store(database, "declaration_status", "event_id, declaration_no, status, occurred_at, office, tax_code", declared)
    sheets = [
        ("s1", "103000000010", own),
        ("s2", "103000000020", ""),
        ("s3", "303000000010", own),
        ("s4", "109999999990", own),
    ]
    store(
        database,
        "rating",
        "sheet_id, revision, declaration_no, submitted_at, tax_code, item_count, lowest_score",
        [(sheet, 1, number, SUNDAY, named, 1, 4) for sheet, number, named in sheets],
    )
    store_facts(
        database,
        [
            fact(
                "03CC", number, sheet, SUNDAY, 4, tax_code=named or own, registered_at=SUNDAY, channel="RED", kind="A11"
            )
            for sheet, number, named in sheets
        ],
    )
    found = database.execute(
        "SELECT sheet_id, enterprise_check, enterprise_declarations, enterprise_size, direction,"
        " toString(submitted_day), submitted_weekday, toString(registered_day), registered_weekday,"
        " level_name, channel_name FROM v_opinion_context ORDER BY sheet_id"
    )
    monday = ("2024-10-14", 1, "2024-10-14", 1, "Hài lòng", "Luồng đỏ")
    assert found == [
        ("s1", "VERIFIED", 12, "10-99", "IMPORT", *monday),
        ("s2", "NOT_NAMED", 12, "10-99", "IMPORT", *monday),
        ("s3", "OTHER", 12, "10-99", "EXPORT", *monday),
        ("s4", "NOT_KNOWN", 12, "10-99", "IMPORT", *monday),
    ]


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
