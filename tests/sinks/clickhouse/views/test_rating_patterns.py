"""Campaigns and stuffing of ratings are shown, and ordinary rating is not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from clickhouse_driver import Client
from support.stored_rows import fact, store_facts, utc

pytestmark = pytest.mark.servers

NINE = utc("2024-10-15 02:00")  # a Tuesday, 9:00 in Viet Nam
SHOWN = "pattern, pattern_from, pattern_until, pattern_opinions, enterprises, round(pattern_share, 2)"


def firm(number: int) -> str:
    """A tax code."""
    return f"02001{number:05d}"


def rate(client: Client, *opinions: tuple[datetime, int, str], office: str = "03CC") -> None:
    """Store opinions about an office: when, the score, by whom; each on a declaration of its own."""
    before: int = client.execute("SELECT count() FROM rated_service")[0][0]
    facts = [
        fact(
            office,
            f"10300{before + number:06d}0",
            f"s{before + number}",
            at,
            score,
            tax_code=code,
            standing="VERIFIED",
        )
        for number, (at, score, code) in enumerate(opinions)
    ]
    store_facts(client, facts)


def patterns(client: Client) -> list[tuple[object, ...]]:
    """What the view shows of the office."""
    found: list[tuple[object, ...]] = client.execute(f"SELECT {SHOWN} FROM v_rating_patterns ORDER BY pattern_from")
    return found


def crowd(minutes: Iterable[int]) -> list[tuple[datetime, int, str]]:
    """Dissatisfied opinions so many minutes after nine, each of another enterprise."""
    return [(NINE + timedelta(minutes=minute), 1, firm(number)) for number, minute in enumerate(minutes)]


def test_ten_dissatisfied_enterprises_within_an_hour_are_a_campaign(database: Client) -> None:
    """From the first to the last; what comes within the hour of ten others belongs to it, what comes later does not."""
    rate(database, *crowd(range(0, 60, 6)), (NINE + timedelta(minutes=58), 2, firm(1)))
    rate(database, (NINE + timedelta(hours=3), 1, firm(50)), (NINE + timedelta(hours=3), 5, firm(51)))
    until = NINE + timedelta(minutes=58)
    assert patterns(database) == [("CAMPAIGN", NINE, until, 11, 10, 0.85)]
    (found,) = database.execute("SELECT office, office_name != '', tax_codes FROM v_rating_patterns")
    assert found == ("03CC", True, [firm(number) for number in range(10)])


def test_campaigns_of_two_days_are_two(database: Client) -> None:
    """And one of a morning that goes on for two hours is one."""
    rate(database, *crowd(range(0, 125, 5)))
    rate(database, *((at + timedelta(days=1), score, code) for at, score, code in crowd(range(10))))
    found = [(pattern, opinions) for pattern, _from, _until, opinions, _firms, _share in patterns(database)]
    assert found == [("CAMPAIGN", 25), ("CAMPAIGN", 10)]


def test_what_is_no_campaign(database: Client) -> None:
    """Nine enterprises; ten in more than an hour; one enterprise ten times; ten that are satisfied."""
    rate(database, *crowd(range(9)))
    rate(database, *crowd(range(300, 370, 7)))
    rate(database, *((NINE + timedelta(days=2, minutes=minute), 1, firm(1)) for minute in range(10)))
    rate(database, *((NINE + timedelta(days=3, minutes=minute), 3, firm(minute)) for minute in range(10)))
    rate(database, *crowd(range(5)), office="03EE")
    assert patterns(database) == []


def test_two_enterprises_that_praise_much_are_stuffing(database: Client) -> None:
    """Twelve fives of two enterprises beside eight opinions of others in a week; dependent units are part of theirs."""
    friends = [(NINE + timedelta(hours=number), 5, firm(1) if number % 2 else f"{firm(2)}-001") for number in range(12)]
    others = [(NINE + timedelta(hours=number), 4, firm(10 + number)) for number in range(8)]
    rate(database, *friends, *others)
    assert patterns(database) == [("STUFFING", NINE, NINE + timedelta(hours=11), 12, 2, 0.6)]
    assert database.execute("SELECT tax_codes FROM v_rating_patterns") == [([firm(1), firm(2)],)]


def test_what_is_no_stuffing(database: Client) -> None:
    """Nine fives; twelve of thirty-one; twelve of an enterprise that is also dissatisfied; of nobody who is known."""
    week = timedelta(days=7)
    rate(database, *((NINE + timedelta(hours=number), 5, firm(1)) for number in range(9)))
    many = [(NINE + week, 5, firm(number % 2)) for number in range(12)]
    rate(database, *many, *((NINE + week, 4, firm(10 + number)) for number in range(19)))
    rate(database, *((NINE + 2 * week, 5 if number else 2, firm(1)) for number in range(12)))
    rate(database, *((NINE + 3 * week, 5, "") for _number in range(12)))
    assert patterns(database) == []
